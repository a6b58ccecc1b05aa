import type { InvalidPolicy } from '../../src/intake/keep-good.js'
import type { IntakePolicy } from '../../src/intake/read-push.js'

export type FuzzPolicy = IntakePolicy & InvalidPolicy

/** Plants of every kind. */
export const FUZZ_POLICIES: readonly [readonly [string, FuzzPolicy], ...Array<readonly [string, FuzzPolicy]>] = [
  ['default', { unknownFields: 'reject' }],
  ['drop', { unknownFields: 'drop' }],
  ['gb18030', { unknownFields: 'reject', charset: 'gb18030' }],
  ['lenient', { unknownFields: 'drop', missing: 'drop', defaultTime: 'arrival', timeZone: 'Europe/Berlin', maxAge: '30000d', maxFuture: '1d' }],
  ['keep', { unknownFields: 'reject', invalid: 'keep' }],
  ['kepware', { unknownFields: 'reject', dialect: 'kepware', mapping: 'deviceType: "1"\ntags: ["Channel1.{device}.{point}"]\n' }],
  ['kepware, all dropped', { unknownFields: 'drop', missing: 'drop', invalid: 'keep', dialect: 'kepware', mapping: 'deviceType: "1"\ntags: ["{any}.{device}.{point}"]\nunmapped: drop\n' }],
  ['flat', { unknownFields: 'reject', dialect: 'flat' }],
  ['flat, renamed', { unknownFields: 'drop', missing: 'drop', dialect: 'flat', mapping: 'deviceType: "1"\ndeviceId: m\npoints: { __proto__: a, constructor: b }\nunmapped: drop\n' }],
  ['csv', { unknownFields: 'reject', dialect: 'csv', mapping: 'deviceType: "1"\nfields: { deviceId: device, recordTime: time }\n' }],
  ['csv, kept', { unknownFields: 'drop', missing: 'drop', invalid: 'keep', charset: 'gb18030', dialect: 'csv', mapping: 'deviceType: "1"\nfields: { deviceId: device, recordTime: time }\ncsv: { delimiter: ";" }\n' }],
  ['form', { unknownFields: 'reject', dialect: 'form', mapping: 'deviceType: "1"\n' }]
]
