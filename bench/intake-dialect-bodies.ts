import { Catalog } from '../src/catalog/catalog.js'
import { PUSH_BOUNDS } from '../src/contract/push.js'
import type { HardBody } from './intake-bodies.js'

const TIME = '2021-09-08 18:40:00'
const KEPWARE = 'deviceType: 1\ntags: ["Channel1.{device}.{point}"]\n'
/** As many rules as a mapping may have, each of which fits nearly, and the last one fits. */
const PATTERNS = `deviceType: 1\ntags: [${Array.from({ length: 19 }, (_, index) => `"Channel1.{device}.{point}.x${index}"`).join(', ')}, "Channel1.{device}.{point}"]\nignore: [${Array.from({ length: 20 }, (_, index) => `"Channel1.{any}.{b}.y${index}"`).join(', ')}]\n`
const LONG = 'deviceType: 1\nfields: {deviceId: d, recordTime: t, point: p, value: v}\n'
const LONG_TAGS = `${PATTERNS}fields: {recordTime: t, tag: n, value: v}\n`
const BOUNDED = { maxAge: '9999w', maxFuture: '9999w', timeZone: 'Europe/Berlin' }
/** A list of many long codes, so that the nearest one to a code that it lacks is far to seek. */
const CATALOG = new Catalog(Array.from({ length: 1_000 }, (_, index) => ({ type: '1', point: `Ep_imp_phase_${index}`, name: '', unit: '', need: 'optional' as const })))
/** Most of it is wanted of every record. */
const WANTING = new Catalog(Array.from({ length: 1_000 }, (_, index) => ({ type: '1', point: `Ep_imp_phase_${index}`, name: '', unit: '', need: index < 300 ? 'required' as const : 'recommended' as const })))

const encoded = (text: string): string => [...Buffer.from(text)].map(byte => `%${byte.toString(16).padStart(2, '0')}`).join('')
const two = (count: number): string => String(count).padStart(2, '0')
/** Another second each, in an order in which none is near the one before. */
const timeOf = (index: number): string => new Date(Date.UTC(2000, 0, 1) + (index * 7_919_317 % 700_000_000) * 1000).toISOString().slice(0, 19).replace('T', ' ')

/** Bodies of about the same size, of each dialect and for each policy, that try what is dear in it. */
export function hardDialectBodies (sizeBytes: number): HardBody[] {
  const list = (make: (index: number) => string, mark = ',', max = Infinity): string => {
    const parts: string[] = []
    for (let bytes = 0; bytes < sizeBytes && parts.length < max; bytes += (parts.at(-1)?.length ?? 0) + mark.length) parts.push(make(parts.length))
    return parts.join(mark)
  }
  const records = (make: (index: number) => string): string => `{"deviceType":"1","devices":[${list(make, ',', PUSH_BOUNDS.devicesMax)}]}`
  const record = (index: number, time: string, data = '"a":"1"'): string => `{"deviceId":"m${index}","recordTime":${time},"data":{${data}}}`
  const sample = (tag: string, rest: string): string => `{"id":"Channel1.${tag}","v":226.0,${rest}}`
  const body = (name: string, text: string, policy: HardBody['policy'], catalog?: Catalog): HardBody => ({ name, bytes: Buffer.from(text), policy, catalog })
  const faulty = [
    (index: number) => record(index, '""'), (index: number) => record(index, 'null'), (index: number) => record(index, `"${TIME}"`, `"p${index}":null`), (index: number) => record(index, `"${TIME}"`, `"p${index}":{"a":[${index}]}`),
    (index: number) => `{"deviceId":"m${index}","recordTime":"${TIME}","data":{},"x${index}":1}`, (index: number) => String(index), (index: number) => record(index, `"${index}"`, `"${index}":true,"b":"","c":false`)
  ]
  return [
    body('kepware: samples', `{"timestamp":1631097600000,"values":[${list(index => sample(`M${index % 500}.p${Math.floor(index / 500)}`, '"q":true,"t":1631097600000'))}]}`, { dialect: 'kepware', mapping: KEPWARE }),
    body('kepware: tags that each try every pattern', `{"timestamp":1631097600000,"values":[${list(index => sample(`M${index % 500}.p${Math.floor(index / 500)}`, '"q":true'))}]}`, { dialect: 'kepware', mapping: PATTERNS }),
    body('kepware: one tag again and again', `{"timestamp":1631097600000,"values":[${list(() => sample('M.p', '"q":true'))}]}`, { dialect: 'kepware', mapping: KEPWARE }),
    body('kepware: bad quality alone', `[${list(index => sample(`M${index}.p`, '"q":false,"t":1'))}]`, { dialect: 'kepware', mapping: KEPWARE }),
    body('kepware: a time each', `[${list(index => sample('M.p', `"q":true,"t":${1_631_097_600_000 + index * 1000}`))}]`, { dialect: 'kepware', mapping: KEPWARE, ...BOUNDED }),
    body('csv: rows of points', `deviceId,recordTime,${list(index => `p${index}`, ',', 20)}\n${list(index => `m${index},${TIME},${'226.0,'.repeat(20).slice(0, -1)}`, '\n')}`, { dialect: 'csv', mapping: 'deviceType: 1' }),
    body('csv: rows of one reading', `d,t,p,v\n${list(index => `m${index % 500},${TIME},p${Math.floor(index / 500)},1`, '\n')}`, { dialect: 'csv', mapping: LONG }),
    body('csv: rows whose tags try every pattern', `t,n,v\n${list(index => `${TIME},Channel1.M${index % 500}.p${Math.floor(index / 500)},1`, '\n')}`, { dialect: 'csv', mapping: LONG_TAGS }),
    body('csv: every cell in quotes', `d,t,p,v\n${list(index => `"m${index % 500}","${TIME}","p""${Math.floor(index / 500)}","1"`, '\n')}`, { dialect: 'csv', mapping: LONG }),
    body('csv: empty cells', `deviceId,recordTime,${list(index => `p${index}`, ',', 900)}\n${list(index => `m${index},${TIME},1${','.repeat(899)}`, '\n')}`, { dialect: 'csv', mapping: 'deviceType: 1' }),
    body('csv: commas alone', `${list(() => '', ',', 2000)}\n${list(() => ',,,,', '\n')}`, { dialect: 'csv', mapping: 'deviceType: 1' }),
    body('csv: a quote that never ends', `deviceId,recordTime,a\n${list(index => `m${index},${TIME},1`, '\n')}\n"`, { dialect: 'csv', mapping: 'deviceType: 1' }),
    body('csv: line ends within quotes', `deviceId,recordTime,a\n"${list(() => '', '\n')}",${TIME},1`, { dialect: 'csv', mapping: 'deviceType: 1' }),
    body('flat: small objects', `[${list(index => `{"deviceId":"m${index}","recordTime":"${TIME}","a":1}`, ',', PUSH_BOUNDS.devicesMax)}]`, { dialect: 'flat', mapping: 'deviceType: 1' }),
    body('flat: other names in each', `[${list(index => `{"deviceId":"m${index}","recordTime":"${TIME}","p${index}":1,"q${index}":2,"r${index}":3}`, ',', PUSH_BOUNDS.devicesMax)}]`, { dialect: 'flat', mapping: 'deviceType: 1' }),
    body('flat: names that try every pattern', `[${list(index => `{"recordTime":"${TIME}","Channel1.M${index}.a":1,"Channel1.M${index}.b":1}`, ',', PUSH_BOUNDS.devicesMax)}]`, { dialect: 'flat', mapping: PATTERNS }),
    body('form: every byte escaped', `deviceId=m&recordTime=${encoded(TIME)}&${list(index => `${encoded(`p${index}`)}=${encoded('226.0'.repeat(index % 50))}1`, '&', 900)}`, { dialect: 'form', mapping: 'deviceType: 1' }),
    body('form: one long field', `deviceId=m&Ua=${encoded('1'.repeat(sizeBytes / 3))}`, { dialect: 'form', mapping: 'deviceType: 1' }),
    body('form: marks alone', `deviceId=m&Ua=${'%26'.repeat(sizeBytes / 3)}`, { dialect: 'form', mapping: 'deviceType: 1' }),
    body('form: empty fields', '&'.repeat(sizeBytes), { dialect: 'form', mapping: 'deviceType: 1' }),
    body('JSON, percent-encoded', encoded(records(index => record(index, `"${TIME}"`)).slice(0, sizeBytes / 3)), {}),
    body('times: another each, in the contract\'s form', records(index => record(index, `"${timeOf(index)}"`)), BOUNDED),
    body('times: another each, ISO 8601 with an offset', records(index => record(index, `"${timeOf(index).replace(' ', 'T')}+0${index % 10}:${two(index % 60)}"`)), BOUNDED),
    body('times: another each, slashes', records(index => record(index, `"${timeOf(index).replaceAll('-', '/')}"`)), BOUNDED),
    body('times: another each, milliseconds', records(index => record(index, String(1_031_097_600_000 + index * 71_234_567 % 900_000_000_000))), BOUNDED),
    body('times: none of them one', records(index => record(index, `"${index}"`)), { ...BOUNDED, invalid: 'keep' }),
    body('times: each too old', records(index => record(index, `"${timeOf(index)}"`)), { ...BOUNDED, maxFuture: '1s', invalid: 'keep' }),
    body('missing: every value', records(index => record(index, `"${TIME}"`, '"a":null,"b":NaN,"c":"1.#QNAN","d":""')), { missing: 'drop' }),
    body('missing: every second value', records(index => record(index, `"${TIME}"`, '"a":null,"b":1,"c":"1.#QNAN","d":2')), { missing: 'drop' }),
    body('keep: every record bad in its own way', records(index => (faulty[index % faulty.length] ?? String)(index)), { invalid: 'keep' }),
    body('keep: every record the same', records(() => record(1, `"${TIME}"`)), { invalid: 'keep' }),
    body('catalog: codes that it lacks, another each', records(index => record(index, `"${TIME}"`, `"Ep_exp_phase_${index}":"1"`)), { catalog: 'reject' }, CATALOG),
    body('catalog: the same, kept', records(index => record(index, `"${TIME}"`, `"Ep_exp_phase_${index}":"1"`)), { catalog: 'reject', invalid: 'keep' }, CATALOG),
    body('catalog: codes far from all of its own', records(index => record(index, `"${TIME}"`, `"kwxz_${index}_qvjg":"1"`)), { catalog: 'reject' }, CATALOG),
    body('catalog: points that it wants and no record has', records(index => record(index, `"${TIME}"`)), { catalog: 'reject' }, WANTING),
    body('catalog: the same wanting, kept', records(index => record(index, `"${TIME}"`)), { catalog: 'reject', invalid: 'keep' }, WANTING),
    body('keep: names of fields nearly right', records(index => `{"deviceId":"m${index}","recordTime":"${TIME}","data":{"a":"1"},"devise${index % 97}":1,"recordtim${index % 89}":1,"dat${index % 83}":1}`), { invalid: 'keep' }),
    body('keep: words that are no reading', records(index => record(index, `"${TIME}"`, '"a":"NaN","b":"null","c":"inf","d":"1.#QNAN","e":"NaN"')), { invalid: 'keep' }),
    body('keep: names that cannot be printed', records(index => `{"deviceId":"\\u0007${index}","recordTime":"","data":{"\\ud800${index}":"\\ud800"}}`), { invalid: 'keep' }),
    body('keep: a name each beyond ASCII', records(index => record(index, `"${TIME}"`, `"p${index}电":null`)), { invalid: 'keep' })
  ]
}
