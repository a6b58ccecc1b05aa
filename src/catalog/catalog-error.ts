/** A catalog that cannot be used: every fault in a sentence that names its line. */
export class CatalogError extends Error {
  override readonly name = 'CatalogError'
  readonly faults: readonly string[]

  constructor (faults: readonly string[]) {
    const [first = 'It is empty.'] = faults
    super(faults.length > 1 ? `${first} (and ${faults.length - 1} more)` : first)
    this.faults = faults
  }
}
