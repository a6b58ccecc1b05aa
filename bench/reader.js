// What reading a push costs, beside JSON.parse (and lossless-json, where it is installed): `npm run build && node bench/reader.js`.
import { encodePush } from '../dist/src/contract/encode-push.js'
import { readJson } from '../dist/src/intake/json-reader.js'
import { readPush } from '../dist/src/intake/read-push.js'

// The 22 documented points of device type 1.
const CODES = ('dp_imp F eq_imp Ep_imp_1 Ep_imp_2 Ua Ub Ep_imp Uc Ep_imp_3 Ep_imp_4 ' +
  'P Pa Q dp_exp eq_exp COSQ Ia Ib Ic Ep_exp VdisPer').split(' ')

function bodyOf (devices, asNumbers) {
  const value = (device, point) => asNumbers ? device + point + 0.25 : `${device * point}.25`
  return JSON.stringify({
    deviceType: '1',
    devices: Array.from({ length: devices }, (_, device) => ({
      deviceId: `meter-${device}`,
      recordTime: '2021-09-08 18:40:00',
      data: Object.fromEntries(CODES.map((code, point) => [code, value(device, point)]))
    }))
  })
}

function medianMs (work, rounds) {
  for (let round = 0; round < rounds / 3; round++) work()
  const times = Array.from({ length: rounds }, () => {
    const start = performance.now()
    work()
    return performance.now() - start
  })
  return times.sort((a, b) => a - b)[rounds >> 1]
}

// Not a package of this project: a variable, so that nothing takes it for one.
const peer = 'lossless-json'
const lossless = await import(peer).catch(() => undefined)

for (const [devices, asNumbers] of [[1, false], [100, false], [1000, false], [1000, true]]) {
  const text = bodyOf(devices, asNumbers)
  const bytes = Buffer.from(text)
  const { push } = readPush(bytes, { unknownFields: 'reject' })
  console.log(`\n${devices} devices x ${CODES.length} points, ${asNumbers ? 'numbers' : 'strings'}, ${bytes.length} bytes`)
  const rows = {
    'JSON.parse': () => JSON.parse(text),
    ...(lossless && { 'lossless-json': () => lossless.parse(text) }),
    readJson: () => readJson(text),
    readPush: () => readPush(bytes, { unknownFields: 'reject' }),
    encodePush: () => encodePush(push)
  }
  for (const [name, work] of Object.entries(rows)) {
    // A small body needs many rounds until the code is compiled.
    const ms = medianMs(work, devices < 1000 ? 3001 : 31)
    console.log(`${name.padEnd(14)}${ms.toFixed(3).padStart(9)} ms${(ms / bytes.length * 1e6).toFixed(1).padStart(8)} ms/MB`)
  }
}
