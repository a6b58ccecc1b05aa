/** Types whose deviceId carries the system_id, and types that have none (Energy Expert's page of PushDeviceData). */
const SYSTEM_ID_TYPES = new Set(['12', '13', '17'])
const TYPES_WITHOUT_ID = new Set(['15', '16'])

/**
 * The documented rule of deviceId: what is wrong with passing it, or with leaving it out. The type is compared as the
 * exact string: "012" is another type than "12" and follows the general rule.
 */
export function deviceIdFault (deviceType: string, passed: boolean): string | undefined {
  if (TYPES_WITHOUT_ID.has(deviceType)) {
    return passed ? `must not be passed with device type ${deviceType}; leave the field out` : undefined
  }
  if (passed) return undefined
  return SYSTEM_ID_TYPES.has(deviceType)
    ? `is missing; with device type ${deviceType} it carries the system_id`
    : 'is missing; only device types 15 and 16 go without it'
}
