/**
 * The second that a record time lies in, as far as its characters tell: those of one second are one record, since Energy Expert's
 * record times have no fractions. Thirteen digits are milliseconds.
 */
export function secondOf (time: string): string {
  // The form of the contract, as nearly all are.
  if (time.length === 19) return time
  if (/^\d{13}(?:\.\d*)?$/.test(time)) return time.slice(0, 10)
  return time.length > 64 ? time : time.replace(/([:\d]\d\d)[.,]\d+(?=$| ?[Zz+-])/, '$1')
}
