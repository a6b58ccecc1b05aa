/** The command line itself cannot be right: exit code 2. The message is one plain sentence that says what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The command was right and could not be carried out: exit code 1. The message is one plain sentence that says what to do. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
}
