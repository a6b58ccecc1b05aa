import { fault, type Found, ok, warning } from './report.js'

const DAY_MS = 86_400_000
const WARNING_DAYS = 14

/** @param certificate what a sentence begins with, such as "The certificate of the plants' port" */
export function judgeExpiry (certificate: string, expiresAtMs: number, nowMs: number): Found<true> {
  const day = new Date(expiresAtMs).toISOString().slice(0, 10)
  const days = Math.floor((expiresAtMs - nowMs) / DAY_MS)
  const remedy = 'Renew it, after a look at the clock of this machine.'
  if (days < 0) return fault(`${certificate} expired on ${day}.`, remedy)
  if (days < WARNING_DAYS) return warning(`${certificate} expires on ${day}, in ${days} days.`, remedy, true)
  return ok(`${certificate} is good until ${day}.`, true)
}
