import { FAULTS_MAX } from '../contract/check-push.js'
import { ProxyError, type Fault } from '../errors.js'

/** As many faults are answered: senders have little room, and the rest shows when these are mended. */
export const ANSWERED_FAULTS_MAX = 20

/** Begins with the first place, for devices that show the message alone. */
export function invalidPush (faults: readonly Fault[], { path, message }: Fault): ProxyError {
  const count = faults.length < FAULTS_MAX ? String(faults.length) : `at least ${FAULTS_MAX}`
  const where = faults.length === 1 ? '' : ` in ${count} places, the first`
  const summary = `The push breaks the contract${where}: ${path === '' ? 'the body' : path} ${message}`
  return new ProxyError('InvalidPush', /[.?]$/.test(summary) ? summary : `${summary}.`, { faults: faults.slice(0, ANSWERED_FAULTS_MAX) })
}

/** A fault that begins with its place in words, where the path alone would tell a person little. */
export function faultAt (path: string, message: string, inWords: ((place: string) => string) | undefined): Fault {
  return { path, message: inWords === undefined || path === '' ? message : `${inWords(path)}: ${message}` }
}
