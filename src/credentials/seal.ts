import { createCipheriv, createDecipheriv, randomBytes as systemRandomBytes } from 'node:crypto'
import type { MasterKey } from './master-key.js'

/** The form of what is sealed: this byte, the initialization vector, the tag, the ciphertext. */
const FORMAT = 1
const ALGORITHM = 'aes-256-gcm'
const IV_BYTES = 12
const TAG_BYTES = 16
const HEAD_BYTES = 1 + IV_BYTES + TAG_BYTES

export interface SealParts {
  /** Whose it is: what was sealed under one name does not open under another. */
  readonly name: string
  readonly key: MasterKey
}

/** AES-256-GCM with a fresh random vector: of those, one key bears 2^32. */
export function seal (text: string, { name, key, randomBytes = systemRandomBytes }: SealParts & { readonly randomBytes?: ((size: number) => Uint8Array) | undefined }): Uint8Array {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv(ALGORITHM, key.bytes, iv, { authTagLength: TAG_BYTES }).setAAD(associated(name, key))
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([Uint8Array.of(FORMAT), iv, cipher.getAuthTag(), body])
}

/** @returns undefined when anything of it, its name or its key is not what it was */
export function unseal (sealed: Uint8Array, { name, key }: SealParts): string | undefined {
  if (sealed[0] !== FORMAT || sealed.length < HEAD_BYTES) return undefined
  const decipher = createDecipheriv(ALGORITHM, key.bytes, sealed.subarray(1, 1 + IV_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(associated(name, key))
    .setAuthTag(sealed.subarray(1 + IV_BYTES, HEAD_BYTES))
  try {
    // Nothing of the text leaves before the tag was compared.
    return Buffer.concat([decipher.update(sealed.subarray(HEAD_BYTES)), decipher.final()]).toString('utf8')
  } catch {
    return undefined
  }
}

function associated (name: string, { id }: MasterKey): Uint8Array {
  return Buffer.from(JSON.stringify(['energy-expert-proxy credential', FORMAT, id, name]))
}
