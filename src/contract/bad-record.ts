/** The codes of records that a push brought and that break the contract; they lie in the parked list under them. */
export const BAD_RECORD_CODES = ['InvalidRecord', 'DuplicateRecord'] as const

/**
 * `InvalidRecord` breaks the contract by itself and is never sent. `DuplicateRecord` is right, and only has the same device
 * and time as an earlier one of its push: it may be sent in another call.
 */
export type BadRecordCode = typeof BAD_RECORD_CODES[number]

export const INVALID_RECORD: BadRecordCode = 'InvalidRecord'
