import { hasLongRows, hasTags, type DialectName, type Mapping } from './mapping.js'
import type { MappingFault } from './yaml-reader.js'

/** What keeps a mapping, or none, from going with a dialect. */
export function faultsWithDialect (mapping: Mapping, dialect: DialectName): MappingFault[] {
  const faults: MappingFault[] = []
  const fault = (key: string, message: string) => faults.push({ line: mapping.keyLines.get(key) ?? 1, key, message })
  const { deviceType, deviceId, fields, unmapped } = mapping
  if (deviceType !== undefined && fields.has('deviceType')) fault('fields', 'names a field for deviceType, which is given as well; give one of them')
  if (deviceId !== undefined && fields.has('deviceId')) fault('fields', 'names a field for deviceId, which is given as well; give one of them')
  if (fields.has('value') !== (fields.has('point') || fields.has('tag'))) fault('fields', 'must name value together with point or tag: rows of one reading each have both')
  if (fields.has('point') && fields.has('tag')) fault('fields', 'names both point and tag; give one of them')
  if (fields.has('tag') && !hasTags(mapping)) fault('fields', 'names a field with tags; add the rules of tags')
  if (fields.has('point') && hasTags(mapping)) fault('tags', 'would never be used: the points stand in a field; name that field as tag instead')
  if (unmapped === 'keep' && (hasTags(mapping) || hasLongRows(mapping))) fault('unmapped', 'cannot be keep where a rule has to say which device and point a name leads to')
  if (dialect === 'kepware') {
    if (!hasTags(mapping)) fault('tags', 'is missing: the kepware dialect needs rules that lead each tag to a device and a point')
    if (fields.size > 0) fault('fields', 'has no meaning in the kepware dialect, whose fields are id, v, q and t')
  }
  if (dialect === 'form' && hasLongRows(mapping)) fault('fields', 'cannot name value in the form dialect: a form is one row')
  if (dialect !== 'csv' && dialect !== 'energy-expert' && mapping.keyLines.has('csv')) fault('csv', `has no meaning in the ${dialect} dialect`)
  return faults
}
