import type { Push } from './push.js'

/**
 * The bytes that are signed and sent: the checked fields alone, in the documented order, as UTF-8 JSON without blanks.
 * Only own points travel, whatever they are called. Their order is the sender's, save that codes such as `"12"` come
 * first, as in every JavaScript object; JSON gives the order no meaning.
 */
export function encodePush (push: Push): Buffer {
  const devices = push.devices.map(device => ({
    deviceId: Object.hasOwn(device, 'deviceId') ? device.deviceId : undefined,
    recordTime: device.recordTime,
    data: device.data
  }))
  return Buffer.from(JSON.stringify({ deviceType: push.deviceType, devices }), 'utf8')
}
