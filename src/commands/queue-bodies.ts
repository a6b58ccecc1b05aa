import type { Push } from '../contract/push.js'

/** The text of a body and the push in it; undefined when the disk has changed it so that it is none any more. */
export function readBody (body: Uint8Array): { text: string, push: Push } | undefined {
  const text = Buffer.from(body).toString('utf8')
  try {
    const push: unknown = JSON.parse(text)
    return isPush(push) ? { text, push } : undefined
  } catch {
    return undefined
  }
}

/** Only what is read of it here: the contract was checked before it was stored. */
function isPush (value: unknown): value is Push {
  return typeof value === 'object' && value !== null && 'devices' in value && Array.isArray(value.devices) && value.devices.every(isDevice)
}

function isDevice (value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'data' in value && typeof value.data === 'object' && value.data !== null
}
