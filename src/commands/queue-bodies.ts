import type { Push } from '../contract/push.js'

/** The push in a body; undefined when the disk has changed it so that it is none any more, and for records that break the contract. */
export function readPushBody (body: Uint8Array): Push | undefined {
  const text = readText(body)
  const push: unknown = text === undefined ? undefined : JSON.parse(text)
  return isPush(push) ? push : undefined
}

/** A body as it was written; undefined when it is no JSON any more. */
export function readText (body: Uint8Array): string | undefined {
  const text = Buffer.from(body).toString('utf8')
  try {
    JSON.parse(text)
    return text
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
