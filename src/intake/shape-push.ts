import { emptyJsonObject, isJsonObject, JsonNumber, type JsonObject, type JsonValue } from './json-value.js'
import type { DialectPolicy } from './dialects.js'
import type { InvalidPolicy } from './keep-good.js'
import type { TimePolicy } from './record-times.js'
import type { RepairLog } from './repairs.js'

/** What a plant lets the intake do to a body. */
export interface IntakePolicy extends DialectPolicy, TimePolicy {
  /** Points without a reading: refuse the push, or leave them out and say so; default refuse. */
  readonly missing?: 'reject' | 'drop'
  /** The encoding of bodies that are no UTF-8; default none. */
  readonly charset?: string
  /** What the operator's catalog may say of the plant's pushes: nothing, a warning, or a refusal; default nothing. */
  readonly catalog?: 'off' | 'warn' | 'reject'
}

type ShapePolicy = IntakePolicy & InvalidPolicy

/** Whole numbers as written: `1.0` or `1e3` could mean several codes, so they stay numbers and the contract faults them. */
const WHOLE_NUMBER = /^(?:0|[1-9][0-9]*)$/

/** Turns the JSON of a body into the candidate of a push, to be judged by the contract. Record times are left as they are; of what is not kept as it came, the values may be rewritten in place. */
export function shapePush (raw: JsonValue, policy: ShapePolicy, log: RepairLog): unknown {
  if (!isJsonObject(raw)) return asFound(raw)
  const candidate: Record<string, unknown> = emptyJsonObject()
  for (const [name, value] of Object.entries(raw)) {
    if (name === 'deviceType') candidate[name] = shapeCode(value, log)
    else if (name === 'devices') candidate[name] = Array.isArray(value) ? value.map(device => shapeDevice(device, policy, log)) : asFound(value)
    else if (policy.unknownFields === 'drop') log.add('unknown-field')
    else candidate[name] = value
  }
  return candidate
}

function shapeDevice (raw: JsonValue, policy: ShapePolicy, log: RepairLog): unknown {
  if (!isJsonObject(raw)) return asFound(raw)
  const device: Record<string, unknown> = emptyJsonObject()
  // Both spellings at once stay as they are, and the contract faults the second: nobody can tell which id is meant.
  const otherSpelling = 'deviceId' in raw ? undefined : 'device_id'
  for (const [name, value] of Object.entries(raw)) {
    if (name === 'deviceId') device[name] = shapeCode(value, log)
    else if (name === otherSpelling) {
      device.deviceId = shapeCode(value, log)
      log.add('device_id')
    } else if (name === 'recordTime') device[name] = value
    else if (name === 'data') device[name] = isJsonObject(value) ? shapeData(value, policy, log) : asFound(value)
    else if (name !== 'device_id' && policy.unknownFields === 'drop') log.add('unknown-field')
    else device[name] = value
  }
  return device
}

/** Values that are numbers become their characters; what else is no string stays for the contract to fault. */
function shapeData (raw: JsonObject, { invalid }: ShapePolicy, log: RepairLog): JsonObject {
  const codes = Object.keys(raw)
  let numbers = 0
  for (const code of codes) if (raw[code] instanceof JsonNumber) numbers += 1
  if (numbers === 0) return raw
  log.add('number-to-string', numbers)
  // Nobody asks for what was written, save where bad records are kept as they came.
  const data = invalid === 'keep' ? emptyJsonObject() : raw
  for (const code of codes) {
    const value = raw[code] ?? null
    data[code] = value instanceof JsonNumber ? value.text : value
  }
  return data
}

/** A device type or id that was sent as a whole number. */
function shapeCode (value: JsonValue, log: RepairLog): unknown {
  if (!(value instanceof JsonNumber) || !WHOLE_NUMBER.test(value.text)) return asFound(value)
  log.add('number-to-string')
  return value.text
}

/** The contract knows values, not how they were written: it is only to say "a number". */
function asFound (value: JsonValue): unknown {
  return value instanceof JsonNumber ? Number(value.text) : value
}
