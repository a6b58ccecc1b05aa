import type { Clock } from '../clock.js'
import { undiciPackage } from '../undici-package.js'
import type { WayOut } from '../way-out/way-out.js'
import { CredentialProblem, toCredentialProblem } from './credential-problem.js'

export interface ServiceParts {
  readonly clock: Clock
  readonly wayOut: WayOut
}

/** One question to a service that issues credentials. */
export interface ServiceRequest {
  readonly origin: URL
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface ServiceAnswer {
  readonly statusCode: number
  /** Undefined for what is no JSON: a page of something on the way. */
  readonly json: unknown
}

const ANSWER_MS_MAX = 10_000
const CONNECT_MS_MAX = 5_000
const ANSWER_BYTES_MAX = 65_536

/**
 * Asks once. A connection of its own for each question, since one comes by every 50 minutes.
 * @throws {CredentialProblem} in a fixed sentence, whatever was answered
 */
export async function askService ({ origin, ...request }: ServiceRequest, { clock, wayOut }: ServiceParts): Promise<ServiceAnswer> {
  const { Client } = undiciPackage()
  const client = new Client(origin.origin, {
    // These tick about once a second; the signal below is exact.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: ANSWER_BYTES_MAX,
    allowH2: false,
    connect: wayOut.connectorTo(origin, { connectTimeoutMs: CONNECT_MS_MAX })
  })
  const ending = new AbortController()
  const cancel = clock.after(ANSWER_MS_MAX, () => { ending.abort() })
  try {
    const answer = await client.request({ ...request, signal: ending.signal })
    return { statusCode: answer.statusCode, json: parse(await answer.body.text()) }
  } catch (error) {
    if (ending.signal.aborted) throw new CredentialProblem('slow')
    const problem = toCredentialProblem(error)
    // What cannot be read as HTTP, or has no end.
    throw problem.kind === 'failed' ? new CredentialProblem('service-failed') : problem
  } finally {
    cancel()
    await client.destroy()
  }
}

function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
