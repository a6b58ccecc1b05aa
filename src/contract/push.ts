import { Type, type Static, type TSchema } from '@sinclair/typebox'
import { explained } from './fault-sentences.js'
import { MISSING_REMEDY } from './missing-value.js'

/** The proxy's own bounds on one push: Energy Expert documents none. Lengths count UTF-16 units, as `length` does. */
export const PUSH_BOUNDS = {
  deviceTypeCharactersMax: 64,
  deviceIdCharactersMax: 256,
  pointCodeCharactersMax: 128,
  valueCharactersMax: 256,
  devicesMax: 10_000,
  pointsPerDeviceMax: 1_000,
  pointsMax: 500_000
} as const

export const RECORD_TIME_PATTERN = '^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$'

const DeviceTypeSchema = explained(Type.String({
  title: 'Device type',
  description: 'The code of the device type, compared as the exact string. One push holds one type.',
  pattern: '^[0-9A-Za-z_]+$',
  maxLength: PUSH_BOUNDS.deviceTypeCharactersMax,
  examples: ['1']
}), {
  missing: 'is missing; it is the code of the device type, such as "1"',
  wrongType: found => `must be a string such as "1", not ${found}`,
  malformed: 'must be a code of letters, digits and _ without blanks, such as "1"',
  counted: 'characters'
})

const DeviceIdSchema = explained(Type.String({
  title: 'Device id',
  description: 'Types 12, 13 and 17: required, carries the system_id. Types 15 and 16: must not be passed. Every other type: required.',
  minLength: 1,
  maxLength: PUSH_BOUNDS.deviceIdCharactersMax,
  examples: ['meter-7']
}), {
  wrongType: found => `must be a string, not ${found}`,
  empty: 'must not be empty',
  counted: 'characters'
})

const RecordTimeSchema = explained(Type.String({
  title: 'Record time',
  description: 'When the readings were taken: yyyy-MM-dd HH:mm:ss, a time of the calendar. Energy Expert states no time zone. ISO 8601, slashes, and seconds or milliseconds since 1970 are rewritten into the plant\'s zone.',
  pattern: RECORD_TIME_PATTERN,
  examples: ['2021-09-08 18:40:00']
}), {
  missing: 'is missing; write it as yyyy-MM-dd HH:mm:ss, such as "2021-09-08 18:40:00"',
  wrongType: found => `must be a string such as "2021-09-08 18:40:00", not ${found}`,
  malformed: 'must be written yyyy-MM-dd HH:mm:ss, such as "2021-09-08 18:40:00"'
})

const ValueSchema = explained(Type.String({
  title: 'Value',
  description: 'The reading, as a string of exactly the characters that are to arrive. null, an empty string and words for no number (NaN, Infinity, null, 1.#QNAN and the like, in any case) are faults, or left out where the operator has set the plant so.',
  minLength: 1,
  maxLength: PUSH_BOUNDS.valueCharactersMax,
  examples: ['329.0']
}), {
  wrongType: found => found === 'null'
    ? `must be a string, not null; ${MISSING_REMEDY}`
    : `must be a string such as "329.0", not ${found}`,
  empty: `must not be empty; ${MISSING_REMEDY}`,
  counted: 'characters'
})

// Not Type.Record: it says patternProperties, which OpenAPI 3.0 does not know. The codes' own rules are in record-rules.ts.
const DataSchema = explained(Type.Unsafe<Record<string, string>>(Type.Object({}, {
  title: 'Data',
  description: 'Point codes, exactly as Energy Expert writes them (1 to 128 characters), and their values.',
  additionalProperties: ValueSchema,
  minProperties: 1,
  maxProperties: PUSH_BOUNDS.pointsPerDeviceMax,
  examples: [{ dp_imp: '329.0', Ua: '226.0' }]
})), {
  missing: 'is missing; it holds the point codes and their values, such as {"Ua":"226.0"}',
  wrongType: found => `must be an object of point codes and values, such as {"Ua":"226.0"}, not ${found}`,
  empty: 'must hold at least one point',
  counted: 'points'
})

/** One record: the readings of one device at one time. */
export const DeviceSchema = explained(Type.Object({
  deviceId: Type.Optional(DeviceIdSchema),
  recordTime: RecordTimeSchema,
  data: DataSchema
}, {
  title: 'Device record',
  description: 'The readings of one device at one time.',
  additionalProperties: false,
  examples: [{ deviceId: 'meter-7', recordTime: '2021-09-08 18:40:00', data: { dp_imp: '329.0', Ua: '226.0' } }]
}), {
  wrongType: found => `must be an object such as {"deviceId":"…","recordTime":"…","data":{…}}, not ${found}`
})

const pushOf = <Item extends TSchema>(record: Item) => explained(Type.Object({
  deviceType: DeviceTypeSchema,
  devices: explained(Type.Array(record, {
    title: 'Devices',
    description: 'The records of the push; no two of the same device and time.',
    minItems: 1,
    maxItems: PUSH_BOUNDS.devicesMax
  }), {
    missing: 'is missing; it is the list of device records',
    wrongType: found => `must be an array of device records, not ${found}`,
    empty: 'must hold at least one device record',
    counted: 'device records'
  })
}, {
  title: 'Push',
  description: 'Readings of devices of one type, as PushDeviceData takes them.',
  additionalProperties: false,
  examples: [{
    deviceType: '1',
    devices: [{ deviceId: 'meter-7', recordTime: '2021-09-08 18:40:00', data: { dp_imp: '329.0', Ua: '226.0' } }]
  }]
}), {
  wrongType: found => `must be an object such as {"deviceType":"1","devices":[…]}, not ${found}`
})

/** What Energy Expert's PushDeviceData takes, with the proxy's bounds: the only source of types, checks and OpenAPI. */
export const PushSchema = pushOf(DeviceSchema)

/** A push whose records are not looked into: faults are described record by record. */
export const PushFrameSchema = pushOf(Type.Unknown())

export type Device = Static<typeof DeviceSchema>
export type Push = Static<typeof PushSchema>
