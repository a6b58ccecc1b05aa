import t from 'tap'
import { readAs, refusalAs } from '../support/read-dialect.js'

const AT = '2021-09-08 18:40:00'
const push = { deviceType: '1', devices: [{ deviceId: 'm+1 50%', recordTime: AT, data: { 电: 'a&b=c' } }] }
const records = [['m+1 50%', AT, { 电: 'a&b=c' }]]
const json = JSON.stringify(push)
const encoded = encodeURIComponent(json)
const plus = encoded.replaceAll('%20', '+')

t.test('JSON in a form is taken out of it, whole or as the value of its field', async t => {
  const bodies = {
    'percent-encoded': encoded,
    'blanks as plus': plus,
    'lower case': encoded.replace(/%[0-9A-F]{2}/g, code => code.toLowerCase()),
    'every byte encoded': [...Buffer.from(json)].map(byte => `%${byte.toString(16).padStart(2, '0')}`).join(''),
    'only some encoded': json.replaceAll('%', '%25').replaceAll('"', '%22').replaceAll('+', '%2B'),
    'with blanks before': `%20+%0A${plus}`,
    'with a mark before': `%EF%BB%BF${plus}`,
    'a field': `body=${plus}`,
    'a field without a name': `=${plus}`,
    'a field that was not encoded': `json=${json}`,
    'a field with a line behind': `body=${plus}\r\n`
  }
  for (const [title, body] of Object.entries(bodies)) {
    const read = readAs({}, body)
    t.same(read.records, records, title)
    t.equal(read.repairs.form, 1, title)
  }
})

t.test('the bytes are decoded before their charset is judged', async t => {
  const gbk = encodeURIComponent('{"deviceType":"1","devices":[{"deviceId":"|","recordTime":"2021-09-08 18:40:00","data":{"a":"1"}}]}').replace('%7C', '%B5%E7%B1%ED')
  t.match(readAs({ charset: 'gb18030' }, gbk), { records: [['电表']], repairs: { form: 1, charset: 1 } })
  t.equal(refusalAs({}, gbk).code, 'InvalidEncoding')
})

t.test('JSON that is no form stays as it is, its plus and percent signs too', async t => {
  t.same(readAs({}, json), { deviceType: '1', records, repairs: {}, told: undefined })
  t.same(readAs({}, ` \n${json}\r\n`).repairs, {})
  t.equal(refusalAs({}, 'hello=world').code, 'InvalidJson')
  t.equal(refusalAs({}, `${'n'.repeat(100)}=${plus}`).code, 'InvalidJson', 'no field has so long a name')
  t.equal(refusalAs({}, 'a%7B').code, 'InvalidJson')
})

t.test('a percent sign that begins no byte is told where', async t => {
  for (const [body, offset] of [['%7B%2', 3], ['%7B%', 3], ['%7B%zz', 3], ['body=%7B%22a%G0', 12]] as const) {
    t.match(refusalAs({}, body), { code: 'InvalidEncoding', message: `the % at byte ${offset} (counted from 0) is not followed by two hexadecimal digits. The sender must write a % as %25.` }, body)
  }
})

t.test('JSON in a form reaches the plant\'s dialect', async t => {
  const body = `data=${encodeURIComponent(`{"deviceId":"m","recordTime":"${AT}","Ua":226.0}`)}`
  t.same(readAs({ dialect: 'flat', mapping: 'deviceType: 1' }, body).records, [['m', AT, { Ua: '226.0' }]])
})

t.test('a body that looks like another dialect says so, with the remedy, and keeps its faults', async t => {
  const kepware = '{"timestamp":1631097600000,"values":[{"id":"Channel1.M.a","v":1,"q":true,"t":1631097600000}]}'
  const bodies = {
    'energy-expert': json,
    kepware,
    flat: `{"deviceId":"m","recordTime":"${AT}","Ua":"1"}`,
    csv: `deviceId,recordTime,Ua\nm,${AT},1`,
    form: `deviceId=m&recordTime=${AT}&Ua=1`
  } as const
  const mapping = { kepware: 'deviceType: 1\ntags: ["{device}.{point}"]', flat: 'deviceType: 1', csv: 'deviceType: 1', form: 'deviceType: 1', 'energy-expert': undefined } as const
  const names = ['energy-expert', 'kepware', 'flat', 'csv', 'form'] as const
  for (const dialect of names) {
    for (const other of names) {
      if (dialect === other) continue
      const { statusCode, message } = refusalAs({ dialect, ...(mapping[dialect] === undefined ? {} : { mapping: mapping[dialect] }) }, bodies[other])
      t.equal(statusCode, 400)
      const remedy = other === 'kepware' ? '--dialect kepware --mapping FILE' : `--dialect ${other}`
      t.ok(message.startsWith(`The body looks like ${other}: set the plant to it (plants set NAME ${remedy}). `), `${other} to a plant on ${dialect}: ${message}`)
    }
  }
  t.match(refusalAs({}, kepware).faults, [{ path: '/deviceType' }, { path: '/devices' }, { path: '/timestamp' }, { path: '/values' }])
})

t.test('a body of the plant\'s own dialect, or of none, is only told its faults', async t => {
  for (const body of ['{"deviceType":"1","devices":[]}', '{}', '[1]', 'hello', '{"values":[]}', 'a,b', 'a=b']) t.notMatch(refusalAs({}, body).message, /looks like/, body)
  t.notMatch(refusalAs({ dialect: 'csv', mapping: 'deviceType: 1' }, 'deviceId,recordTime,Ua\nm,soon,1').message, /looks like/)
})

t.test('a table that curl changed on its way says so', async t => {
  const csv = { dialect: 'csv', mapping: 'deviceType: 1' } as const
  t.match(refusalAs(csv, `deviceId,recordTime,Uam,${AT},1`).message, /^The table is one line: were its line ends taken out on the way \(curl --data-binary @FILE, not -d\)\? The push/)
  const form = `--------1a2b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\ndeviceId,recordTime,Ua\r\nm,${AT},1\r\n--------1a2b--\r\n`
  for (const policy of [csv, {}]) t.match(refusalAs(policy, form).message, /^The body is multipart\/form-data: post the file itself/)
})
