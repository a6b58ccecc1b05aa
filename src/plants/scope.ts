import { isPrintable } from '../contract/json-pointer.js'
import type { Fault } from '../errors.js'
import type { ApiKey } from './api-key.js'

/** All records of a push by their devices; undefined for one that breaks the contract and names none. */
export interface NamedRecords {
  readonly deviceType: string
  readonly devices: ReadonlyArray<{ readonly deviceId?: string } | undefined>
}

/** As many faults as one answer lists. */
const FAULTS_MAX = 20

/**
 * What of a push a key may not send, each at its place, at most 20; empty when it may send all of it. Asked of the push as
 * it will be sent, after every repair, so that no other spelling of a type or an id slips through.
 *
 * Types 15 and 16 carry no id (the service's documentation forbids it), so a limit to ids cannot see them: a key with such
 * a limit may push them only when their type is listed by name.
 */
export function checkScope ({ deviceTypes, deviceIds }: Pick<ApiKey, 'deviceTypes' | 'deviceIds'>, push: NamedRecords): Fault[] {
  if (deviceTypes.size > 0 && !deviceTypes.has(push.deviceType)) {
    return [{ path: '/deviceType', message: 'The API key may not push this device type.' }]
  }
  const faults: Fault[] = []
  if (deviceIds.size === 0) return faults
  for (const [index, record] of push.devices.entries()) {
    if (faults.length === FAULTS_MAX) break
    if (record === undefined) continue
    const { deviceId } = record
    if (deviceId === undefined && !deviceTypes.has(push.deviceType)) {
      faults.push({ path: `/devices/${index}`, message: 'The API key is limited to device ids and this record has none; the key must list its device type.' })
    }
    if (deviceId !== undefined && !deviceIds.has(deviceId)) {
      faults.push({ path: `/devices/${index}/deviceId`, message: `The API key may not push this device${isPrintable(deviceId) ? `: ${deviceId}` : ''}.` })
    }
  }
  return faults
}
