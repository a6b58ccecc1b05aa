import { CATALOGUE, type ErrorCode } from '../errors.js'
import { MISSING_REMEDY } from './missing-value.js'
import type { Push } from './push.js'

/** An example as OpenAPI's media types list it. */
export interface Example {
  readonly summary: string
  readonly value: object
}

const REQUEST_ID = '83A5A7DD-8974-5769-952E-590A97BEA34E'

const SMALL_PUSH: Push = {
  deviceType: '1',
  devices: [{ deviceId: 'meter-7', recordTime: '2021-09-08 18:40:00', data: { Ua: '226.0', Ep_imp: '325.0' } }]
}

/** The example of the service's documentation, point for point; its values mean nothing. */
const DOCUMENTED_PUSH: Push = {
  deviceType: '1',
  devices: [{
    deviceId: 'device_code_xxx',
    recordTime: '2021-09-08 18:40:00',
    data: {
      dp_imp: '329.0', F: '148.0', eq_imp: '363.0', Ep_imp_1: '128.0', Ep_imp_2: '157.0', Ua: '226.0', Ub: '285.0', Ep_imp: '325.0', Uc: '342.0', Ep_imp_3: '109.0', Ep_imp_4: '94.0', P: '514.0', Pa: '443.0', Q: '265.0', dp_exp: '261.0', eq_exp: '399.0', COSQ: '223.0', Ia: '240.0', Ib: '216.0', Ic: '229.0', Ep_exp: '115.0', VdisPer: '120.0'
    }
  }]
}

const SYSTEM_PUSH: Push = {
  deviceType: '12',
  devices: [{ deviceId: 'system-id', recordTime: '2021-09-08 18:40:00', data: { Ep_imp: '325.0' } }]
}

/** Bodies to send. */
export const PUSH_EXAMPLES: Readonly<Record<string, Example>> = {
  small: { summary: 'One meter, two points', value: SMALL_PUSH },
  documented: { summary: 'The example of Energy Expert\'s documentation', value: DOCUMENTED_PUSH },
  system: { summary: 'Types 12, 13 and 17: deviceId carries the system id', value: SYSTEM_PUSH }
}

/** What a push that was taken is answered. */
export const TAKEN_EXAMPLES: Readonly<Record<string, Example>> = {
  delivered: { summary: 'Energy Expert confirmed the push', value: { requestId: REQUEST_ID, data: 'success' } },
  dryRun: {
    summary: 'X-Dry-Run: true; nothing was sent',
    value: {
      requestId: REQUEST_ID,
      data: 'dry-run',
      push: SMALL_PUSH,
      repairs: { 'number-to-string': 2 },
      steps: [
        { step: 'encoding', what: 'The body is UTF-8.' },
        { step: 'values', what: 'Changed: number-to-string (2).' },
        { step: 'contract', what: 'The push keeps the contract; records of device type 1: 1.' }
      ],
      request: {
        method: 'POST',
        url: 'https://energyexpertexternal.cn-hangzhou.aliyuncs.com/api/v1/data/increment/push',
        headers: { host: 'energyexpertexternal.cn-hangzhou.aliyuncs.com', 'x-acs-action': 'PushDeviceData', 'x-acs-version': '2022-09-23', 'x-acs-signature-nonce': '***' },
        canonicalRequest: 'POST\n/api/v1/data/increment/push\n\n…'
      }
    }
  }
}

/** What a push that is kept for later is answered. */
export const STORED_EXAMPLES: Readonly<Record<string, Example>> = {
  stored: { summary: 'The push is on disk', value: { requestId: REQUEST_ID, data: 'stored' } }
}

/** Faults that go with a code, where the code has any. */
const FAULTS: Partial<Record<ErrorCode, ReadonlyArray<{ path: string, message: string }>>> = {
  InvalidPush: [{ path: '/devices/0/data/Ua', message: `must be a string, not null; ${MISSING_REMEDY}` }],
  'Forbidden.Device': [{ path: '/devices/0/deviceId', message: 'The API key may not push this device: meter-7.' }]
}

/** The answer of a code of the catalogue. */
export function errorExample (code: ErrorCode): Example {
  const { message } = CATALOGUE[code]
  const errors = FAULTS[code]
  return { summary: code, value: { requestId: REQUEST_ID, code, message, ...(errors === undefined ? undefined : { errors }) } }
}

/** A refusal of the service itself; its codes are not documented, this one is of the gateway's kind. */
export const CLOUD_REFUSAL_EXAMPLE: Example = {
  summary: 'Energy Expert\'s own code',
  value: { requestId: REQUEST_ID, code: 'InvalidParameter', message: 'The specified parameter is not valid.' }
}
