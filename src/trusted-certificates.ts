import { createHash, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls'
import type { Logger } from 'pino'
import type { Clock } from './clock.js'
import { lookAgain } from './look-again.js'

/** Its message is a plain sentence that names the setting and quotes nothing of the file. */
export class CaFileError extends Error {
  override readonly name = 'CaFileError'
}

export interface TrustedCertificates {
  /** Undefined: what Node trusts. */
  readonly current: () => SecureContext | undefined
  close (): void
}

export interface FollowTrustedParts {
  /** CA_FILE; undefined: none. */
  readonly file: string | undefined
  readonly clock: Clock
  readonly logger: Pick<Logger, 'info' | 'error'>
}

/** As often as the TLS pair of the plants' port. */
const POLL_MS = 1_000

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g

/**
 * Certificates to trust besides the built-in ones.
 * @throws {CaFileError}
 */
export function trustIn (pem: string): SecureContext {
  const found = pem.match(CERTIFICATE) ?? []
  if (found.length === 0) throw new CaFileError('CA_FILE holds no certificate in PEM.')
  try {
    // OpenSSL would skip what it cannot read.
    const certificates = found.map(each => new X509Certificate(each).toString())
    // Made once: reading some 150 root certificates takes milliseconds.
    return createSecureContext({ ca: [...rootCertificates, ...certificates] })
  } catch {
    throw new CaFileError('CA_FILE holds a certificate that cannot be read.')
  }
}

/** What CA_FILE says now. @throws {CaFileError} */
export async function readTrusted (file: string | undefined): Promise<SecureContext | undefined> {
  return file === undefined ? undefined : trustIn(await readPem(file))
}

/**
 * Reads CA_FILE and keeps up with it: new connections trust what it says by then. A broken new file changes nothing and is logged once.
 * @throws {CaFileError}
 */
export async function followTrusted ({ file, clock, logger }: FollowTrustedParts): Promise<TrustedCertificates> {
  if (file === undefined) return { current: () => undefined, close: () => {} }
  const pem = await readPem(file)
  let current = trustIn(pem)
  let digest = digestOf(pem)
  const stop = lookAgain({
    clock,
    everyMs: POLL_MS,
    look: async () => {
      const found = await readPem(file)
      const foundDigest = digestOf(found)
      if (foundDigest === digest) return
      current = trustIn(found)
      digest = foundDigest
      logger.info('New certificates in CA_FILE are trusted.')
    },
    onProblem: error => { logger.error({ error }, 'The new CA_FILE cannot be used; what was trusted before stays in use.') }
  })
  return {
    current: () => current,
    close: stop
  }
}

async function readPem (file: string): Promise<string> {
  return await readFile(file, 'latin1').catch((cause: unknown) => {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    throw new CaFileError(`CA_FILE cannot be read (${code}).`)
  })
}

const digestOf = (pem: string): string => createHash('sha256').update(pem).digest('hex')
