import { Refusal } from './answers.js'

export interface CheckedPush {
  readonly deviceType: string
  readonly devices: readonly unknown[]
}

const RECORD_TIME = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})$/

/**
 * A small look at the body of PushDeviceData, enough to answer what the documentation calls required. The service's own
 * codes are not documented: these follow the manner of other services. Throws a `Refusal`.
 */
export function checkPush (body: Buffer): CheckedPush {
  const push = readObject(body)
  const { deviceType, devices } = push
  if (deviceType === undefined || deviceType === '') throw refuse('MissingDeviceType', 'deviceType is mandatory for this action.')
  if (typeof deviceType !== 'string') throw refuse('InvalidDeviceType', 'deviceType must be a string.')
  if (devices === undefined) throw refuse('MissingDevices', 'devices is mandatory for this action.')
  if (!Array.isArray(devices)) throw refuse('InvalidDevices', 'devices must be an array.')
  if (devices.length === 0) throw refuse('InvalidDevices', 'devices must hold at least one device.')
  devices.forEach((device: unknown, at) => { checkDevice(device, at) })
  return { deviceType, devices }
}

function checkDevice (device: unknown, at: number): void {
  if (!isObject(device)) throw refuse('InvalidDevices', `devices[${at}] must be an object.`)
  const { deviceId, recordTime, data } = device
  if (recordTime === undefined) throw refuse('MissingRecordTime', `devices[${at}].recordTime is mandatory for this action.`)
  if (typeof recordTime !== 'string' || !isRecordTime(recordTime)) {
    throw refuse('InvalidRecordTime', `devices[${at}].recordTime must look like yyyy-MM-dd HH:mm:ss.`)
  }
  if (deviceId !== undefined && typeof deviceId !== 'string') throw refuse('InvalidParameter', `devices[${at}].deviceId must be a string.`)
  if (!isObject(data)) throw refuse('InvalidParameter', `devices[${at}].data must be an object.`)
}

// The time zone is not documented, so it is read as if it were UTC: only the calendar is checked.
function isRecordTime (text: string): boolean {
  const [, date, time] = RECORD_TIME.exec(text) ?? []
  if (date === undefined || time === undefined) return false
  const ms = Date.parse(`${date}T${time}.000Z`)
  return !Number.isNaN(ms) && new Date(ms).toISOString() === `${date}T${time}.000Z`
}

function readObject (body: Buffer): Record<string, unknown> {
  if (body.length === 0) throw refuse('MissingParameter', 'The body is mandatory for this action.')
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body))
  } catch {
    throw refuse('InvalidParameter', 'The body is not JSON in UTF-8.')
  }
  if (!isObject(value)) throw refuse('InvalidParameter', 'The body must be a JSON object.')
  return value
}

function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refuse (code: string, message: string): Refusal {
  return new Refusal(code, message, { statusCode: 400, keyCase: 'camel' })
}
