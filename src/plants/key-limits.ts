import { nameFault } from '../contract/text-fault.js'
import { PUSH_BOUNDS } from '../contract/push.js'
import { addressRule } from './address-rule.js'
import { RegistryError } from './registry-error.js'

export interface KeyOptions {
  /** Says what the key is for. */
  readonly label?: string
  /** Either a moment or a time from now on; never, when left out. */
  readonly expires?: { readonly atMs: number } | { readonly afterMs: number }
  /** Networks and addresses that the key may be used from; every one, when left out or empty. */
  readonly cidrs?: readonly string[]
  readonly deviceTypes?: readonly string[]
  readonly deviceIds?: readonly string[]
  /** Whether the key may travel in the address of a request. */
  readonly inUrl?: boolean
}

/** The columns of a key that say what it may do. */
export interface KeyLimits {
  readonly label: string
  readonly cidrs: string
  readonly deviceTypes: string
  readonly deviceIds: string
  readonly inUrl: boolean
}

const LABEL_CHARACTERS_MAX = 100
const ENTRIES_MAX = 1000
const DEVICE_TYPE = /^[0-9A-Za-z_]+$/

/** Checks what a key shall be limited to, and writes it as it is stored. Throws RegistryError `wrong-use` in a plain sentence. */
export function checkKeyOptions ({ label = '', cidrs = [], deviceTypes = [], deviceIds = [], inUrl = false }: KeyOptions): KeyLimits {
  // Labels are shown in terminals, where a control character could write anything.
  if (label.length > LABEL_CHARACTERS_MAX || nameFault(label) !== undefined) {
    throw new RegistryError('wrong-use', `A key's label has at most ${LABEL_CHARACTERS_MAX} characters and no control characters.`)
  }
  for (const entries of [cidrs, deviceTypes, deviceIds]) {
    if (entries.length > ENTRIES_MAX) throw new RegistryError('wrong-use', `A key takes at most ${ENTRIES_MAX} entries of one kind; make several keys.`)
  }
  // A limit that no push can meet is a typing mistake, and would only be found out at the plant.
  const badType = deviceTypes.find(type => !DEVICE_TYPE.test(type) || type.length > PUSH_BOUNDS.deviceTypeCharactersMax)
  if (badType !== undefined) throw new RegistryError('wrong-use', `${JSON.stringify(badType)} is no device type; write a code such as 1.`)
  const badId = deviceIds.find(id => id === '' || id.length > PUSH_BOUNDS.deviceIdCharactersMax || nameFault(id) !== undefined)
  if (badId !== undefined) {
    throw new RegistryError('wrong-use', `A device id has 1 to ${PUSH_BOUNDS.deviceIdCharactersMax} characters and no control characters; ${JSON.stringify(badId.slice(0, 80))} has others.`)
  }
  return {
    label,
    cidrs: JSON.stringify(addressRule(cidrs).cidrs),
    deviceTypes: JSON.stringify([...new Set(deviceTypes)]),
    deviceIds: JSON.stringify([...new Set(deviceIds)]),
    inUrl
  }
}
