import { readCatalogFile } from '../catalog-follow.js'
import { systemClock } from '../clock.js'
import { readConfig, type Config } from '../config.js'
import { encodePush, encodeRecord } from '../contract/encode-push.js'
import type { Push } from '../contract/push.js'
import { tallyPush } from '../contract/tally-push.js'
import { openCredentialBook } from '../credentials/credential-book.js'
import { ProxyError } from '../errors.js'
import type { Step } from '../intake/arrival.js'
import { readPush } from '../intake/read-push.js'
import { placesOf } from '../open-accounts.js'
import { refuseAboveBurst } from '../plants/points-limit.js'
import type { Registry } from '../plants/registry.js'
import { createPreview, type PreviewedRequest } from '../relay/preview.js'
import { CommandFailure } from './failure.js'

export interface ExplainOptions {
  readonly plant: string
  readonly contentType?: string
  readonly json?: boolean
}

export interface Explanation {
  readonly plant: string
  readonly bodyBytes: number
  readonly accepted: boolean
  readonly steps: readonly Step[]
  readonly repairs: Readonly<Record<string, number>>
  readonly code?: string
  readonly message?: string
  readonly errors?: ReadonlyArray<{ path: string, message: string }>
  /** Records that would be parked. */
  readonly parked?: ReadonlyArray<{ code: string, errors: ReadonlyArray<{ path: string, message: string }> }>
  /** What would be sent, as in the answer to a dry run. */
  readonly push?: Push
  readonly sentBytes?: number
  readonly request?: PreviewedRequest
}

/** What would become of the body. */
export async function explain (bytes: Buffer, { plant: plantName, contentType }: ExplainOptions, openRegistry: () => Registry): Promise<Explanation> {
  const config = readConfig(process.env)
  const { bodyMaxBytes, catalogFile } = config
  const catalog = await readCatalogFile(catalogFile)
  const registry = openRegistry()
  const { policy, policyFaults } = registry.showPlant(plantName)
  registry.close()
  if (policyFaults.length > 0) throw new CommandFailure(`The plant ${plantName} cannot be served: ${policyFaults.join(' ')}`)
  const steps: Step[] = []
  const known = { plant: plantName, bodyBytes: bytes.length, steps }
  try {
    if (bytes.length > bodyMaxBytes) throw new ProxyError('BodyTooLarge', `The body is larger than ${bodyMaxBytes} bytes; send fewer devices in one push.`)
    const { push, bad, repairs } = readPush(bytes, policy, { nowMs: systemClock.now(), contentType, catalog, onStep: step => { steps.push(step) } })
    refuseAboveBurst(policy, tallyPush(push).points)
    const body = encodePush(push)
    const sent = push.devices.length === 0 ? undefined : { push, sentBytes: body.length, request: previewOf(body, policy.credential, config) }
    const parked = bad.length === 0 ? undefined : { parked: bad.map(({ code, faults }) => ({ code, errors: faults })) }
    return { ...known, accepted: true, repairs: Object.fromEntries(repairs), ...parked, ...sent }
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error
    const { code, message, faults } = error
    return { ...known, accepted: false, repairs: {}, code, message, ...(faults === undefined ? undefined : { errors: faults }) }
  }
}

/** Sent would be to where the plant's credential counts. */
function previewOf (body: Buffer, credential: string, config: Config): PreviewedRequest {
  const book = openCredentialBook({ config, environment: process.env, clock: systemClock, onProblem: () => {} })
  try {
    return createPreview({ placeOf: placesOf(config, book), now: () => systemClock.now() })(body, credential)
  } finally {
    book.close()
  }
}

export function inWords ({ plant, bodyBytes, accepted, steps, code, message, errors = [], parked = [], push, sentBytes, request }: Explanation): string {
  const fate = accepted ? request === undefined ? 'it would be parked' : 'it would be sent' : `it would be refused with ${code ?? ''}`
  const lines = [
    `Plant ${plant}, a body of ${bodyBytes} bytes: ${fate}.`,
    ...steps.map(({ step, what }) => `  ${step.padEnd(8)}  ${what}`),
    ...(message === undefined ? [] : [message]),
    ...errors.map(inOneLine),
    ...(parked.length === 0 ? [] : [`Parked would be, with what is wrong with each (${parked.length}):`]),
    ...parked.flatMap(({ errors }) => errors).map(inOneLine),
    ...(push === undefined ? [] : ['The push:', ...pushInWords(push)]),
    ...(request === undefined ? [] : [`Sent would be ${sentBytes ?? 0} bytes to ${request.url}, signed over this canonical request:`, '', request.canonicalRequest])
  ]
  return `${lines.join('\n')}\n`
}

/** As many records are shown; --json has all of them. */
const SHOWN_RECORDS_MAX = 20

function pushInWords ({ deviceType, devices }: Push): string[] {
  const more = devices.length - SHOWN_RECORDS_MAX
  // A terminal obeys control characters, and a sender chose these; JSON escapes the others by itself.
  const shown = devices.slice(0, SHOWN_RECORDS_MAX).map(device => `  ${encodeRecord(device).replace(/[\u007f-\u009f]/g, character => `\\u00${character.charCodeAt(0).toString(16)}`)}`)
  return [`  device type ${deviceType}`, ...shown, ...more > 0 ? [`  and ${more} more; --json has them all`] : []]
}

function inOneLine ({ path, message }: { path: string, message: string }): string {
  return `  ${path === '' ? '(the whole body)' : path}  ${message}`
}
