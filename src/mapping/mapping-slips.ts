import { nearestField } from '../contract/did-you-mean.js'
import type { DialectName, Mapping, TagRule } from './mapping.js'
import { textOfPattern } from './tag-pattern.js'
import type { MappingFault } from './yaml-reader.js'

/**
 * What goes with a dialect and can hardly be meant. Asked when a mapping or a dialect is set, and never of what is stored: that may
 * serve a plant.
 */
export function slipsIn (mapping: Mapping, dialect: DialectName): MappingFault[] {
  if (dialect === 'energy-expert') return []
  const slips: MappingFault[] = []
  const slip = (key: string, message: string | undefined) => {
    if (message !== undefined) slips.push({ line: mapping.keyLines.get(key) ?? 1, key, message })
  }
  const rules = [...mapping.exactTags.values(), ...mapping.tagPatterns]
  if (dialect === 'kepware' && ![mapping, ...mapping.devices.values(), ...rules].some(({ deviceType }) => deviceType !== undefined)) {
    slip('deviceType', 'is missing: nothing else tells the device type in the kepware dialect; add a line such as deviceType: "1"')
  }
  for (const rule of rules) slip('tags', starIn(textOfPattern(rule.pattern)) ?? strayIn(rule, mapping))
  const ignored = [...mapping.ignoredNames, ...mapping.ignoredPatterns.map(textOfPattern)]
  // The name of a column may hold a star, and seldom is one.
  for (const text of ignored) slip('ignore', text.split(mapping.separator).includes('*') ? starIn(text) : undefined)
  return slips
}

function starIn (text: string): string | undefined {
  return text.includes('*') ? `has ${text}: * is no placeholder; write {any}, which stands for one part of a tag` : undefined
}

/** A placeholder that nothing uses, and that is nearly {device}. */
function strayIn ({ pattern, device, point }: TagRule, { deviceId, fields }: Mapping): string | undefined {
  if (device !== undefined || deviceId !== undefined || fields.has('deviceId') || pattern.names.includes('device')) return undefined
  const stray = pattern.names.find(name => name !== 'point' && point?.names.includes(name) !== true && nearestField(name, ['device']) !== undefined)
  return stray === undefined ? undefined : `has ${textOfPattern(pattern)}, where nothing uses {${stray}}; did you mean {device}?`
}
