import type { Device, Push } from './push.js'

/**
 * The bytes that are signed and sent: the checked fields alone, in the documented order, as UTF-8 JSON without blanks.
 * Only own points travel, whatever they are called. Their order is the sender's, save that codes such as `"12"` come
 * first, as in every JavaScript object; JSON gives the order no meaning.
 */
export function encodePush (push: Push): Buffer {
  return Buffer.from(JSON.stringify({ deviceType: push.deviceType, devices: push.devices.map(fieldsOf) }), 'utf8')
}

/** One record of that body. */
export function encodeRecord (device: Device): string {
  return JSON.stringify(fieldsOf(device))
}

function fieldsOf (device: Device): { deviceId: string | undefined, recordTime: string, data: Device['data'] } {
  return { deviceId: Object.hasOwn(device, 'deviceId') ? device.deviceId : undefined, recordTime: device.recordTime, data: device.data }
}
