import type { Catalog } from '../src/catalog/catalog.js'
import { PUSH_BOUNDS } from '../src/contract/push.js'
import type { InvalidPolicy } from '../src/intake/keep-good.js'
import type { IntakePolicy } from '../src/intake/read-push.js'

/** A body that may be dear to read, and the policy of the plant that it comes from. */
export interface HardBody {
  readonly name: string
  readonly bytes: Buffer
  readonly policy?: Partial<IntakePolicy & InvalidPolicy> | undefined
  readonly contentType?: string
  readonly catalog?: Catalog | undefined
}

const CODES = 'dp_imp F eq_imp Ep_imp_1 Ep_imp_2 Ua Ub Ep_imp Uc Ep_imp_3 Ep_imp_4 P Pa Q dp_exp eq_exp COSQ Ia Ib Ic Ep_exp VdisPer'.split(' ')
const TIME = '2021-09-08 18:40:00'
const recordOf = (id: number | string, points: string, time = `"${TIME}"`): string => `{"deviceId":"meter-${id}","recordTime":${time},"data":{${points}}}`
const pointsOf = (value: (index: number) => string): string => CODES.map((code, index) => `"${code}":${value(index)}`).join(',')

/** A push of about so many bytes whose records `make` writes, never more than the contract allows. */
function pushOf (sizeBytes: number, make: (index: number) => string, perRecordMax: number = PUSH_BOUNDS.devicesMax): string {
  const records: string[] = []
  for (let bytes = 40; bytes < sizeBytes && records.length < perRecordMax; bytes += (records.at(-1)?.length ?? 0) + 1) records.push(make(records.length))
  return `{"deviceType":"1","devices":[${records.join(',')}]}`
}

/** @param pointsMax of each record, at most 22. */
export function cleanBody (sizeBytes: number, pointsMax = CODES.length): Buffer {
  const codes = CODES.slice(0, pointsMax)
  return Buffer.from(pushOf(sizeBytes, index => recordOf(index, codes.map((code, point) => `"${code}":"${point}${index}.25"`).join(','))))
}

/** Bodies of the same size that try each step of the intake. */
export function hardBodies (sizeBytes: number): HardBody[] {
  const fill = (text: string): string => text.repeat(Math.max(1, Math.floor(sizeBytes / text.length)))
  const many = (make: (index: number) => string, length: number): string => Array.from({ length: Math.max(1, Math.floor(sizeBytes / length)) }, (_, index) => make(index)).join(',')
  const escaped = (text: string): string => [...text].map(letter => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
  const oneRecord = (points: string): string => `{"deviceType":"1","devices":[${recordOf(1, points)}]}`
  const texts: Record<string, string> = {
    'values that are numbers': pushOf(sizeBytes, index => recordOf(index, pointsOf(point => `${point + 1}${index}.25`))),
    'every name and value escaped': pushOf(sizeBytes, index => `{"${escaped('deviceId')}":"${escaped(`m${index}`)}","recordTime":"${TIME}","data":{"${escaped('Ua')}":"${escaped('226.0')}"}}`),
    'a fault in every value': pushOf(sizeBytes, index => recordOf(index, pointsOf(() => 'true'))),
    'every record like the first': pushOf(sizeBytes, () => recordOf(1, pointsOf(() => '"1"'))),
    'an unknown field in every record': pushOf(sizeBytes, index => `{"deviceId":"m${index}","recordTime":"${TIME}","data":{"a":"1"},"unknown":1}`),
    'records without points': pushOf(sizeBytes, index => recordOf(index, '')),
    'long names': oneRecord(many(index => `"${'k'.repeat(1000)}${index}":"1"`, 1010)),
    'names alone': `{${many(index => `"${index}":0`, 10)}}`,
    'names that look like indexes': oneRecord(many(index => `"${index * 7}":"1"`, 12)),
    'the same name again and again': `{${many(() => '"a":1', 6)}}`,
    'deep arrays': fill('['),
    'arrays in arrays, each closed': `[${many(() => '[[[[[[]]]]]]', 13)}]`,
    'empty objects': `[${many(() => '{}', 3)}]`,
    'one long string': `"${fill('a')}"`,
    'one long string of escapes': `"${fill('\\n')}"`,
    'one long string of halves': `"${fill('\\ud800')}"`,
    'one long number': fill('9'),
    'numbers alone': `[${many(index => String(index), 7)}]`,
    blanks: `${fill(' ')}{}`,
    'line ends, then a fault': `${fill('\n')}!`,
    'NULs behind': `{}${fill('\0')}`,
    'NULs within': `{${fill('\0')}}`,
    'quotes alone': fill('"'),
    'backslashes alone': fill('\\'),
    'percent signs': fill('%'),
    'a fault at the very end': `${pushOf(sizeBytes, index => recordOf(index, pointsOf(point => `"${point}${index}.25"`))).slice(0, -1)}!`
  }
  const bodies: HardBody[] = Object.entries(texts).map(([name, text]) => ({ name, bytes: Buffer.from(text) }))
  const clean = cleanBody(sizeBytes)
  return [
    ...bodies,
    { name: 'two bytes a character, declared', bytes: Buffer.from(clean.toString().slice(0, sizeBytes / 2), 'utf16le'), contentType: 'text/plain; charset=utf-16le' },
    { name: 'GBK, the plant\'s charset', bytes: Buffer.concat([clean, Buffer.from([0xb5, 0xe7])]), policy: { charset: 'gb18030' } },
    { name: 'no encoding at its very end', bytes: Buffer.concat([clean, Buffer.from([0xff])]), policy: { charset: 'gb18030' } },
    { name: 'unknown fields, dropped', bytes: Buffer.from(pushOf(sizeBytes, index => `{"deviceId":"m${index}","recordTime":"${TIME}","data":{"a":"1"},"b":1,"c":2,"d":{"e":[]}}`)), policy: { unknownFields: 'drop' } }
  ]
}
