import type { DialectName } from '../mapping/mapping.js'

/** A shape shows in its first characters; a body at fault may have four million. */
const HEAD_CHARACTERS = 4096

const REMEDIES: Readonly<Record<DialectName, string>> = {
  'energy-expert': '--dialect energy-expert',
  kepware: '--dialect kepware --mapping FILE',
  flat: '--dialect flat',
  csv: '--dialect csv',
  form: '--dialect form'
}

/** For a body at fault: which dialect it looks like, when that is another than its plant's, or what was done to it on its way; in a sentence with the remedy. */
export function describeOtherDialect (text: string, dialect: DialectName): string | undefined {
  const head = text.slice(0, HEAD_CHARACTERS)
  if (/^\s{0,9}--[^\r\n]{1,70}\r?\nContent-Disposition: form-data/i.test(head)) return 'The body is multipart/form-data: post the file itself (curl --data-binary @FILE, not -F).'
  const guessed = guessDialect(head)
  if (dialect === 'csv' && guessed === undefined && !/[\r\n]/.test(text)) return 'The table is one line: were its line ends taken out on the way (curl --data-binary @FILE, not -d)?'
  return guessed === undefined || guessed === dialect
    ? undefined
    : `The body looks like ${guessed}: set the plant to it (plants set NAME ${REMEDIES[guessed]}).`
}

function guessDialect (head: string): DialectName | undefined {
  const has = (name: string) => head.includes(`"${name}"`)
  const start = head.trimStart().charAt(0)
  if (start === '{' || start === '[') {
    if (has('devices')) return 'energy-expert'
    if (has('id') && has('v') && (has('values') || has('q'))) return 'kepware'
    return (has('deviceId') || has('device_id') || has('recordTime')) && !has('data') ? 'flat' : undefined
  }
  if (/^[\w.-]{1,100}=[^&\r\n]{0,1000}&[\w.-]{1,100}=/.test(head)) return 'form'
  const [first = '', second = ''] = head.split(/\r?\n/, 2)
  return [',', ';', '\t'].some(mark => first.includes(mark) && first.split(mark).length === second.split(mark).length) ? 'csv' : undefined
}
