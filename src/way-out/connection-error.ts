const SENTENCES = {
  UND_ERR_CONNECT_TIMEOUT: 'The connection was not open in time.',
  UND_ERR_SOCKET: 'other side closed',
  UND_ERR_DESTROYED: 'The connections were closed.',
  UND_ERR_INVALID_ARG: 'invalid header'
} as const

/** What ends a connection of ours, or keeps it from being used; by the codes of undici, which whoever reads logs and metrics knows. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
  readonly code: keyof typeof SENTENCES

  constructor (code: keyof typeof SENTENCES) {
    super(SENTENCES[code])
    this.code = code
  }
}
