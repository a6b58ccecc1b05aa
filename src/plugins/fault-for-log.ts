import type { Fault } from '../errors.js'

/** Words of the shapes that bodies have; every other name in a path is the sender's. */
const KNOWN_WORDS = new Set(['devices', 'deviceType', 'deviceId', 'recordTime', 'data', 'values', 'timestamp', 'id', 'v', 'q', 't'])

const TOLD_CHARACTERS_MAX = 200

/**
 * Place and cause of a fault for the log, where nothing of a body may stand: names of the sender's are left out of the path, and of the
 * sentence all that follows the cause, for that may list them.
 */
export function faultForLog ({ path, message }: Fault): string {
  const place = path.split('/').map(word => word === '' || /^\d{1,9}$/.test(word) || KNOWN_WORDS.has(word) ? word : '…').join('/')
  // A table's sentences begin with line and column, which the path says as well.
  const [, line = '', ...rest] = path.split('/')
  const column = rest.join('/').replaceAll('~1', '/').replaceAll('~0', '~')
  const prefix = [`line ${line}, column ${column}: `, `line ${line}: `].find(each => message.startsWith(each)) ?? ''
  const [cause = ''] = message.slice(prefix.length)
    .replace(/ to the device type .*/s, ' to a second device type').replace(/,? (?:such as|as line) .*/s, '').split(/[:;]/)
  return `${place === '' ? 'the body' : place} ${cause}`.slice(0, TOLD_CHARACTERS_MAX)
}
