const DAYS_OF_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function daysOf (year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return month === 2 && leap ? 29 : DAYS_OF_MONTH[month - 1] ?? 0
}

/**
 * Whether a text of the form `yyyy-MM-dd HH:mm:ss` names a time that the calendar has. By hand, since Date rolls
 * 30 February over to 2 March and no time zone is stated. The form itself is the schema's to check.
 */
export function isCalendarTime (text: string): boolean {
  const part = (start: number, end: number) => Number(text.slice(start, end))
  const year = part(0, 4)
  const day = part(8, 10)
  return year >= 1 && day >= 1 && day <= daysOf(year, part(5, 7)) &&
    part(11, 13) <= 23 && part(14, 16) <= 59 && part(17, 19) <= 59
}

/** What is wrong with a time of the right form that isCalendarTime does not pass. */
export const NOT_IN_CALENDAR = 'is a time that the calendar does not have'
