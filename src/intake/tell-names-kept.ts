import { nearestField } from '../contract/did-you-mean.js'
import { tellNames } from '../contract/tell-names.js'
import type { Mapping } from '../mapping/mapping.js'
import { holdsDevices, isObject } from './candidate.js'

const TOLD_NAMES_MAX = 8
const TOLD_LINES_MAX = 4
/** Each line is looked for in the text and compared with each name; a slip shows in the first ones. */
const COMPARED_MAX = 200
const SEARCHED_CHARACTERS_MAX = 1_000_000

/** Old names and what they become; `undefined`: they keep their name. */
type Lines = ReadonlyArray<readonly [name: string, target: string | undefined]>

/**
 * Points and devices that go under the name that the sender gives them, and lines of the mapping that may have been meant for them.
 * Neither is a fault, and the cloud takes both. Undefined: there is nothing to tell.
 */
export function tellNamesKept (text: string, candidate: unknown, mapping: Mapping): string | undefined {
  if (!holdsDevices(candidate)) return undefined
  const records = candidate.devices.filter(isObject)
  const codes = records.flatMap(({ data }) => isObject(data) ? Object.keys(data) : [])
  const ids = records.flatMap(({ deviceId }) => typeof deviceId === 'string' ? [deviceId] : [])
  const rules = [...mapping.exactTags.values(), ...mapping.tagPatterns]
  const fixed = rules.flatMap(({ device, point }) => [device, point]).flatMap(each => each?.names.length === 0 ? each.texts : [])
  const devices: Lines = [...mapping.devices].map(([name, { deviceId = name }]) => [name, deviceId])
  const ignored: Lines = [...mapping.ignoredNames].map(name => [name, undefined])
  const [points, things] = [judge(text, [...mapping.points, ...ignored], codes, fixed), judge(text, devices, ids, [...fixed, mapping.deviceId])]
  const told = Object.entries({ points, devices: things }).flatMap(([what, { kept }]) => kept.length === 0 ? [] : [`${what} ${tellNames(kept, TOLD_NAMES_MAX)}`])
  const slips = [...points.slips, ...things.slips].slice(0, TOLD_LINES_MAX).map(slip => ` ${slip}`)
  return told.length === 0 ? undefined : `Kept their own name: ${told.join('; ')}.${slips.join('')}`
}

function judge (text: string, lines: Lines, sent: readonly string[], given: ReadonlyArray<string | undefined>): { kept: string[], slips: string[] } {
  const looked = text.length > SEARCHED_CHARACTERS_MAX ? [] : lines.slice(0, COMPARED_MAX)
  const unused = new Set(looked.filter(([name]) => !text.includes(name)))
  const renamed = new Set([...given, ...lines.filter(line => !unused.has(line)).map(([, target]) => target)])
  const kept = [...new Set(sent)].filter(name => !renamed.has(name))
  const compared = kept.slice(0, COMPARED_MAX)
  const slips = [...unused].flatMap(([name, target]) => {
    const line = `The mapping's line for ${tellNames([name], 1)} matched nothing`
    if (target !== undefined && compared.includes(target)) return [`${line}: the old name stands first, write ${tellNames([target], 1)}: ${tellNames([name], 1)}.`]
    const meant = nearestField(name.replaceAll(' ', '_'), compared.filter(each => each.length <= 2 * name.length))
    return meant === undefined ? [] : [`${line}; did you mean ${tellNames([meant], 1)}?`]
  })
  return { kept, slips }
}
