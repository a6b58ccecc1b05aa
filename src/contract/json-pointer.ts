import { nameFault } from './text-fault.js'

/** Longer names never stand in an answer: many senders have a few kilobytes for it. */
const PRINTED_CHARACTERS_MAX = 128

/** Whether a name of the sender's body may stand in an answer. */
export function isPrintable (name: string): boolean {
  return name.length <= PRINTED_CHARACTERS_MAX && nameFault(name) === undefined
}

/** The JSON pointer (RFC 6901) of a member; that of its parent when the name must not be printed. */
export function pointerTo (parent: string, name: string | number): string {
  if (typeof name === 'number') return `${parent}/${name}`
  if (!isPrintable(name)) return parent
  return `${parent}/${/[~/]/.test(name) ? name.replaceAll('~', '~0').replaceAll('/', '~1') : name}`
}
