/** A text holds more than its reader was told to take. */
export class JsonTooMuchError extends Error {
  override readonly name = 'JsonTooMuchError'
  /** The bound and what it counts, as in "100000 arrays and objects". */
  readonly bound: string

  constructor (bound: string) {
    super(`The text holds more than ${bound}.`)
    this.bound = bound
  }
}
