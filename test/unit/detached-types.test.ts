import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { takePush } from '../../src/intake/take-push.js'

const BODIES = 20
const BODY_BYTES = 3_000_000

t.test('who remembers the device type of a body does not keep its text', t => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const push = '{"deviceType":"a_type_of_devices_with_a_long_name","devices":[{"deviceId":"d","recordTime":"2026-01-01 10:00:00","data":{"Ua":226.0}}]}'
  const body = Buffer.from(push.padEnd(BODY_BYTES))
  collect()
  const beforeBytes = process.memoryUsage().heapUsed
  const deviceTypes = Array.from({ length: BODIES }, () => takePush(body, { unknownFields: 'reject' }, { contentType: undefined, nowMs: 0, catalog: undefined }, false).deviceType)
  collect()
  const keptBytes = process.memoryUsage().heapUsed - beforeBytes
  t.ok(keptBytes < BODIES * BODY_BYTES / 4, `${keptBytes} bytes kept by ${deviceTypes.length} device types`)
  t.end()
})
