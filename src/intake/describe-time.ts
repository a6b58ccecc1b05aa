const WRITE = 'write yyyy-MM-dd HH:mm:ss, such as "2021-09-08 18:40:00"'
const COUNT = 'seconds (10 digits) or milliseconds (13 digits) since 1970'

/** What the digits before the point look like, by how many there are. */
function describeCount (whole: string): string {
  const beginsWithYear = /^(?:19|20)/.test(whole)
  switch (whole.length) {
    case 5: return `looks like the day count of a spreadsheet; ${WRITE}`
    case 8: if (beginsWithYear) return `looks like yyyyMMdd, a date without a time of day; ${WRITE}`
      break
    case 12:
    case 14: if (beginsWithYear) return `looks like yyyyMMddHHmm${whole.length === 14 ? 'ss' : ''}; put a T behind the date, as in "20210908T184000"`
      break
    case 16: return `looks like microseconds; send ${COUNT}`
    case 18: return `looks like ticks of 100 nanoseconds; send ${COUNT}`
    case 19: return `looks like nanoseconds; send ${COUNT}`
  }
  return whole.length < 10
    ? `is too small a number for ${COUNT}; is the sender's clock set?`
    : `is a number, but not ${COUNT}`
}

/** Why a record time is not understood, where it looks like something known. Quotes nothing of it. */
export function describeTime (text: string): string | undefined {
  const [, whole, fraction] = /^([0-9]+)(\.[0-9]+)?$/.exec(text) ?? []
  if (whole !== undefined) return describeCount(fraction === undefined ? whole : whole.slice(0, 20))
  if (/^[-+0-9.eE]+$/.test(text) && Number.isFinite(Number(text))) return `is a number, but not ${COUNT} in digits alone`
  if (/^[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4}(?![0-9])/.test(text)) return `has the year last, and nobody can tell the day from the month; ${WRITE}`
  if (/^[0-9]{4}([-/.])[0-9]{1,2}\1[0-9]{1,2}$/.test(text)) return `is a date without a time of day; ${WRITE}`
  if (/[0-9] ?[AaPp][Mm]$/.test(text)) return `is a time on a clock of twelve hours; ${WRITE}`
  return undefined
}
