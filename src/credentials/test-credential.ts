import type { Clock } from '../clock.js'
import { ProxyError } from '../errors.js'
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
}

/**
 * Whether a credential can be had. The chain of kind `default` is asked; of the others only the form is known, which was
 * checked when they were read: whoever makes live sources of all kinds asks them here.
 */
export async function testCredential (spec: CredentialSpec, { clock }: TestParts): Promise<TestedCredential> {
  if (spec.kind !== 'default') return { ok: true, sentence: 'It has the form of its kind; its source was not asked.' }
  try {
    const { accessKeyId } = await createCredentialSource({ clock }).get()
    return { ok: true, sentence: `The default chain gave a credential with the AccessKey id ${maskKeyId(accessKeyId)}.` }
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error
    return { ok: false, sentence: error.cause instanceof Error ? error.cause.message : error.message }
  }
}
