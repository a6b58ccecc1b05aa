import type { RepeatKey } from './repeat-key.js'

/** The good records of a push were delivered while their sender waited; its bad ones were parked before. */
export interface RelayedNote {
  readonly requestId: string
  /** Records that were parked of it. */
  readonly asideRecords: number
  readonly deliveredRecords: number
  readonly cloudRequestIds: readonly string[]
  readonly repeatKey?: RepeatKey | undefined
}
