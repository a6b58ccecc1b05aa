import type { IncomingMessage } from 'node:http'

/** Lower-case name to every value that was sent, in the order of sending. */
export type HeaderFields = ReadonlyMap<string, readonly string[]>

/** A request whose body arrived to its last byte. */
export interface WholeRequest {
  readonly method: string
  /** As sent, still percent-encoded. */
  readonly path: string
  /** What stands after the question mark, as sent; `''` without one. */
  readonly query: string
  readonly headers: HeaderFields
  readonly body: Buffer
  /** More than `BODY_BYTES_MAX` came; `body` is empty then. */
  readonly tooLarge: boolean
}

/** 8 MiB. The service documents no bound; this one only keeps the sandbox's memory in hand. */
export const BODY_BYTES_MAX = 8 * 1024 * 1024

/** The one value of a header, `undefined` when it is missing or was sent more than once. */
export function onlyValue (headers: HeaderFields, name: string): string | undefined {
  const values = headers.get(name)
  return values?.length === 1 ? values[0] : undefined
}

// IncomingMessage.headers drops or joins repeated headers, each name by its own rule; a verifier must see every line.
function readHeaders (rawHeaders: readonly string[]): HeaderFields {
  const headers = new Map<string, string[]>()
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? ''
    const value = rawHeaders[at + 1] ?? ''
    const values = headers.get(name)
    if (values === undefined) headers.set(name, [value])
    else values.push(value)
  }
  return headers
}

/**
 * Reads a request to its end. A body beyond the bound is read and thrown away, since closing in the middle of it would
 * reset the connection before the sender has read its answer. Rejects when the sender goes before the end.
 */
export async function readWhole (request: IncomingMessage): Promise<WholeRequest> {
  const kept: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) { // No encoding is set, so every chunk is a Buffer.
    bytes += chunk.length
    if (bytes <= BODY_BYTES_MAX) kept.push(chunk)
    else kept.length = 0
  }
  const target = request.url ?? '/'
  const mark = target.indexOf('?')
  return {
    method: request.method ?? '',
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? '' : target.slice(mark + 1),
    headers: readHeaders(request.rawHeaders),
    body: Buffer.concat(kept),
    tooLarge: bytes > BODY_BYTES_MAX
  }
}
