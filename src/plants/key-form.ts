import { hash } from 'node:crypto'

/** Crockford's base 32: no i, l, o, u, so that a key can be read aloud. A character's place is its value. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const CHARACTER = '[0-9a-hjkmnp-tv-z]'
const KEY_FORM = new RegExp(`^ee_(${CHARACTER}{8})_(${CHARACTER}{24})(${CHARACTER}{6})$`)
const ID_BYTES = 5
const SECRET_BYTES = 15
/** Where the 8 characters of the id stand in a key. */
const [ID_START, ID_END] = [3, 11]

/** How many characters a key has. `/k/` and a key make 45, so the whole path fits into the 50 bytes that some senders keep for it. */
export const KEY_LENGTH = 42

/** BIP 173's generator of a checksum of 6 characters, and BIP 350's final constant. */
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3]
const FINAL = 0x2bc830a3

/**
 * Makes a key: `ee_`, an id of 8 characters, `_`, a secret of 24 characters (120 random bits) and a checksum of 6. The id
 * may be shown anywhere; the rest is told once and never stored.
 */
export function makeKey (randomBytes: (size: number) => Uint8Array): { id: string, key: string } {
  const id = toBase32(randomBytes(ID_BYTES))
  const secret = toBase32(randomBytes(SECRET_BYTES))
  return { id, key: `ee_${id}_${secret}${checksumOf(id + secret)}` }
}

/**
 * The id of a key, or `undefined` when the text cannot be a key: wrong form or wrong checksum. The checksum is that of
 * bech32m, which finds every mistake of up to four characters, so a mistyped key never costs a look-up.
 */
export function readKeyId (text: string): string | undefined {
  const [, id, secret, checksum] = KEY_FORM.exec(text) ?? []
  if (id === undefined || secret === undefined) return undefined
  return checksumOf(id + secret) === checksum ? id : undefined
}

/** What stands in the place of the id in a text of a key's length; whether it is a key is for whoever compares the whole text's hash, or asks readKeyId. */
export function keyIdIn (text: string): string | undefined {
  return text.length === KEY_LENGTH && text.startsWith('ee_') ? text.slice(ID_START, ID_END) : undefined
}

/** What is stored of a key. A plain hash is enough for 120 random bits; there is nothing to guess. 32 bytes. */
export function hashKey (key: string): Buffer {
  // As a text first: Node takes three times as long to make a Buffer of a hash itself.
  return Buffer.from(hash('sha256', key, 'binary'), 'latin1')
}

function checksumOf (text: string): string {
  let remainder = 1
  for (const value of [...text].map(character => ALPHABET.indexOf(character)).concat(0, 0, 0, 0, 0, 0)) {
    const top = remainder >>> 25
    remainder = ((remainder & 0x1ffffff) << 5) ^ value
    GENERATOR.forEach((term, bit) => { if ((top >>> bit) & 1) remainder ^= term })
  }
  remainder ^= FINAL
  return Array.from({ length: 6 }, (_, place) => ALPHABET[(remainder >>> (5 * (5 - place))) & 31]).join('')
}

/** For whole groups of 5 bytes, which are 8 characters each. */
function toBase32 (bytes: Uint8Array): string {
  const bits = Array.from(bytes, byte => byte.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{5}/g) ?? []).map(group => ALPHABET[parseInt(group, 2)]).join('')
}
