import type { Account } from './account.js'
import { cutRecords } from './cut-records.js'
import type { NewEntry, ParkReason } from './queue-log.js'

type Refused = Pick<NewEntry, 'body' | 'recordCount' | 'plant' | 'deviceType'>

/** Notes that the cloud refused a live push. @returns Whether it refuses pushes that have no device in common for the same reason. */
export function meetsStrangers (account: Account, { body, recordCount, plant, deviceType }: Refused, reason: ParkReason): boolean {
  const devices = new Set(cutRecords(body, recordCount)?.records.map(({ device }) => `${plant} ${deviceType} ${device}`))
  if (account.refusals.note([{ from: 0, to: recordCount, reason, devices }])) account.refusesAll = true
  return account.refusesAll
}
