import type { IntakePolicy } from '../../src/intake/read-push.js'

/** Plants of every kind. */
export const FUZZ_POLICIES: readonly [readonly [string, IntakePolicy], ...Array<readonly [string, IntakePolicy]>] = [
  ['default', { unknownFields: 'reject' }],
  ['drop', { unknownFields: 'drop' }],
  ['gb18030', { unknownFields: 'reject', charset: 'gb18030' }]
]
