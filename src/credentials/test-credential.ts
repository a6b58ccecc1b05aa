import type { Clock } from '../clock.js'
import { ProxyError } from '../errors.js'
import type { WayOut } from '../way-out/way-out.js'
import { clientOf } from './client-of.js'
import type { CredentialSpec } from './credential-spec.js'
import { createCredentialSource } from './credential-source.js'
import { maskKeyId } from './spec-kinds.js'

export interface TestedCredential {
  readonly ok: boolean
  readonly sentence: string
}

export interface TestParts {
  readonly clock: Clock
  /** Services that speak plain HTTP need not be loopback. */
  readonly allowHttp: boolean
  readonly wayOut: WayOut
}

/** Whether a credential can be had now: its source is asked once, as a push would ask it. */
export async function testCredential (spec: CredentialSpec, { clock, allowHttp, wayOut }: TestParts): Promise<TestedCredential> {
  try {
    const { accessKeyId } = await createCredentialSource({ clock, makeClient: link => clientOf(spec, { clock, allowHttp, wayOut }, link) }).get()
    return { ok: true, sentence: `Its source gave a credential with the AccessKey id ${maskKeyId(accessKeyId)}.` }
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error
    return { ok: false, sentence: error.cause instanceof Error ? error.cause.message : error.message }
  }
}
