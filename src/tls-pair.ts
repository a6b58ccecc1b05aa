import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import type { TlsConfig } from './config.js'
import { type TlsServerOptions, toServerOptions } from './tls-options.js'

/** A certificate with its key, found to belong together. */
export interface TlsPair {
  readonly options: TlsServerOptions
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number
}

/** Its message is a plain sentence that names the setting and quotes nothing of the files. */
export class TlsPairError extends Error {
  override readonly name = 'TlsPairError'
}

/** What the two files hold now. */
export interface TlsFiles {
  readonly cert: Buffer
  readonly key: Buffer
  /** Of both, to tell whether they changed: copies keep times and sizes, so those tell nothing. */
  readonly digest: string
}

/** @throws {TlsPairError} */
export async function readTlsFiles ({ certFile, keyFile }: TlsConfig): Promise<TlsFiles> {
  const [cert, key] = await Promise.all([readNamed('TLS_CERT_FILE', certFile), readNamed('TLS_KEY_FILE', keyFile)])
  return { cert, key, digest: createHash('sha256').update(cert).update('\0').update(key).digest('hex') }
}

async function readNamed (setting: string, file: string): Promise<Buffer> {
  return await readFile(file).catch((cause: unknown) => {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    throw new TlsPairError(`${setting} cannot be read (${code}).`)
  })
}

/**
 * Judges before a server is given it: a server that was given a bad pair has lost the good one.
 * @throws {TlsPairError}
 */
export function toTlsPair ({ cert, key }: TlsFiles, minVersion: TlsConfig['minVersion']): TlsPair {
  const certificate = readCertificate(cert)
  if (!certificate.checkPrivateKey(readKey(key))) throw new TlsPairError('TLS_KEY_FILE is not the key of the certificate in TLS_CERT_FILE; the server\'s own certificate must come first in it.')
  const options = toServerOptions({ cert, key, minVersion })
  try {
    createSecureContext(options)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    throw new TlsPairError(`OpenSSL refuses what TLS_CERT_FILE and TLS_KEY_FILE hold (${code}).`)
  }
  return { options, expiresAtMs: Date.parse(certificate.validTo) }
}

function readCertificate (cert: Buffer): X509Certificate {
  try {
    return new X509Certificate(cert)
  } catch {
    throw new TlsPairError('TLS_CERT_FILE holds no certificate in PEM.')
  }
}

function readKey (key: Buffer): KeyObject {
  try {
    return createPrivateKey(key)
  } catch (cause) {
    const isEncrypted = cause instanceof Error && 'code' in cause && cause.code === 'ERR_MISSING_PASSPHRASE'
    throw new TlsPairError(isEncrypted ? 'TLS_KEY_FILE is encrypted; the proxy needs the key without a passphrase.' : 'TLS_KEY_FILE holds no private key in PEM.')
  }
}
