import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from '@sinclair/typebox'
import type { Catalog } from '../src/catalog/catalog.js'
import { readIdempotencyKey } from '../src/contract/idempotency-key.js'
import { PushSchema } from '../src/contract/push.js'
import { pushResponses } from '../src/contract/push-answers.js'
import { PUSH_EXAMPLES } from '../src/contract/push-examples.js'
import { ProxyError } from '../src/errors.js'
import type { Arrival, Step } from '../src/intake/arrival.js'
import { groupBad } from '../src/intake/group-bad.js'
import { hasOwnTimes } from '../src/intake/read-push.js'
import { takePush, type TakenPush } from '../src/intake/take-push.js'
import { refuseAboveBurst, type TakePoints } from '../src/plants/points-limit.js'
import type { Identity } from '../src/plants/registry.js'
import { checkScope } from '../src/plants/scope.js'
import type { Deliver, OutgoingPush } from '../src/queue/deliver.js'
import { recordsOfParts } from '../src/queue/log-park.js'
import { repeatKeyOf } from '../src/queue/repeat-key.js'
import type { SendOnce } from '../src/queue/send-once.js'
import { answerTaken, replyWith, tellCounts } from '../src/plugins/answer-taken.js'
import { isDryRun, showDryRun, tellingSteps } from '../src/plugins/dry-run.js'
import { contentEncodingOf } from '../src/plugins/inflate-body.js'
import type { Preview } from '../src/relay/preview.js'

export interface PushDeviceDataParts {
  readonly deliver: Deliver
  readonly sendOnce: SendOnce
  /** Shows what would be sent; for `X-Dry-Run: true`. */
  readonly preview: Preview
  readonly takePoints: TakePoints
  /** Milliseconds since the epoch, as the cloud of a credential counts them. */
  readonly now: (credential: string) => number
  /** The operator's list of types and points, if there is one. */
  readonly catalog: () => Catalog | undefined
  /** Whether bodies that can be proven clean in one pass are sent as they came. */
  readonly scansPushes: boolean
}

interface ReadyPush extends Pick<TakenPush, 'points' | 'repairs' | 'warnings'> {
  readonly outgoing: OutgoingPush & Required<Pick<OutgoingPush, 'parked'>>
}

/** The contract of PushDeviceData, and the same at a short path for devices whose whole path has 50 bytes. */
export const pushDeviceData: FastifyPluginAsync<PushDeviceDataParts> = async (app, parts) => {
  const { deliver, sendOnce, takePoints } = parts

  async function answer (request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { plant } = identityOf(request)
    refuseCompressed(request)
    if (isDryRun(request)) return await answerDryRun(parts, request, reply)
    const { outgoing, points, warnings, repairs } = readyPush(parts, request, reply)
    // What the cloud gets is encoded: while it takes its time, the bytes that came need no room.
    request.body = undefined
    const sent = await request.whileHoldingBody(sendOnce(outgoing, plant, request.clientGone, () => {
      // Here, so that a repeat costs its plant nothing.
      const delayMs = outgoing.recordCount === 0 ? 0 : takePoints(plant, points)
      return deliver({ ...outgoing, delayMs }, plant, request.clientGone)
    }))
    if (sent.repeatOf === undefined) request.tally = { records: outgoing.recordCount, points, repairs, warnings }
    else request.isRepeat = true
    tellCounts(reply, 'x-repairs', repairs)
    const parkedRecords = recordsOfParts(outgoing.parked)
    if (parkedRecords > 0) reply.header('x-parked-records', parkedRecords)
    return replyWith(reply, answerTaken(request.id, plant.policy, sent))
  }

  app.post('/api/v1/data/increment/push', { onRequest: app.authenticate, schema: pushDeviceDataSchema }, answer)
  app.post('/k/:key', { onRequest: app.authenticate, schema: shortPathSchema }, answer)
}

/**
 * All that must be known of a push while it is sent. What was read of its body may be ten to forty times as large, and an
 * async function holds whatever it has named until it ends.
 */
function readyPush (parts: PushDeviceDataParts, request: FastifyRequest, reply: FastifyReply): ReadyPush {
  const { plant, key } = identityOf(request)
  const bytes = bytesOf(request.body)
  // A limit to ids asks for each record's.
  const taken = takePush(bytes, plant.policy, arrivalOf(parts, request), parts.scansPushes && key.deviceIds.size === 0)
  const { deviceType, body, records, points, repairs, warnings, bad } = taken
  refuseOutOfScope(key, taken)
  tellTaken(reply, taken)
  const parked = bad.length === 0 ? [] : groupBad(deviceType, bad).map(({ code, message, ...part }) => ({ ...part, reason: { code, message, cloudRequestId: undefined } }))
  const ownTimes = hasOwnTimes(repairs)
  const repeatKey = repeatKeyOf({
    plant: plant.name,
    // With the proxy's times in it, a repeat would be another body.
    body: ownTimes ? body : bytes,
    parked: ownTimes ? parked.map(part => part.body) : [],
    idempotencyKey: readIdempotencyKey(request.headers['idempotency-key']),
    dedupes: plant.policy.dedupe === 'on' && ownTimes
  })
  const outgoing = { requestId: request.id, deviceType, body, recordCount: records, parked, repairs: repairs.size === 0 ? undefined : Object.fromEntries(repairs), repeatKey }
  return { outgoing, points, repairs, warnings }
}

async function answerDryRun (parts: PushDeviceDataParts, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const { plant: { policy }, key } = identityOf(request)
  const steps: Step[] = []
  // A preview asks for all records.
  const taken = tellingSteps(steps, () => takePush(bytesOf(request.body), policy, arrivalOf(parts, request, step => { steps.push(step) }), false))
  refuseOutOfScope(key, taken)
  tellTaken(reply, taken)
  refuseAboveBurst(policy, taken.points)
  return await showDryRun(request, reply, taken, steps, taken.records === 0 ? undefined : parts.preview(taken.body, policy.credential))
}

function arrivalOf ({ now, catalog }: PushDeviceDataParts, request: FastifyRequest, onStep?: Arrival['onStep']): Arrival {
  return { contentType: request.contentType, nowMs: now(identityOf(request).plant.policy.credential), catalog: catalog(), onStep }
}

const commonSchema = {
  tags: ['push'],
  headers: Type.Object({
    'X-Dry-Run': Type.Optional(Type.Boolean({ description: '`true`: check the push and show what would be sent; send nothing.', examples: [true] })),
    // Without an example: /docs would try every push under that one key.
    'Idempotency-Key': Type.Optional(Type.String({
      description: 'A name that the sender gives this push and all its repeats, and no other push of the plant: 1 to 255 visible ASCII characters, bare or in quotes. A push that was delivered or stored is not sent a second time; its repeat is answered as it was, with `X-Original-Request-Id`. One that is still under way is waited for. After an error the repeat is sent. A dry run takes no notice of it.'
    }))
  }),
  // One example of the schema becomes several of the body.
  body: { ...PushSchema, examples: undefined, 'x-examples': PUSH_EXAMPLES },
  response: pushResponses()
}

const pushDeviceDataSchema = {
  ...commonSchema,
  operationId: 'pushDeviceData',
  summary: 'Push readings to Energy Expert',
  description: `The proxy checks the whole push and names every fault at its place; a right one it signs and relays, and answers what Energy Expert said.

Values are strings, and arrive with exactly their characters. Senders that cannot help it may send a number for a value, or a whole number for \`deviceType\` and \`deviceId\`: it is sent on as a string of the characters that were written. \`device_id\` is taken for \`deviceId\`. A record time may also be ISO 8601, with or without an offset from UTC, have slashes, or be seconds or milliseconds since 1970: it is rewritten as \`yyyy-MM-dd HH:mm:ss\` in the plant's time zone. \`X-Repairs\` says what was changed.

\`null\`, an empty string, and words for no number such as \`NaN\`, \`Infinity\` or \`1.#QNAN\` are no readings. They are faults, unless the operator has set the plant to \`--missing drop\`: then the points are left out, and records that have no other point.

Where the plant is set up so (\`--invalid keep\`), records that break the contract do not make the push faulty: they are parked with their faults, the others are sent, and \`X-Parked-Records\` tells how many. Each record is kept once; after an error nothing is.

Any Content-Type is taken, and none; the body is read as JSON (also where a form carries it), or as the plant's dialect says, in UTF-8 where it is valid, otherwise in the charset that Content-Type names, otherwise in the plant's.

A device that can set no header may send its key as \`?api_key=\`, if the key was created with \`--in-url\`.`,
  security: [{ apiKey: [] }, { bearer: [] }, { basic: [] }, { acsBearerToken: [] }]
}

const shortPathSchema = {
  ...commonSchema,
  operationId: 'pushDeviceDataByShortPath',
  summary: 'Push readings from a device that stores 50 bytes of path',
  description: 'The same push with the key in the path, for a key that was created with `--in-url`.',
  params: Type.Object({ key: Type.String({ description: 'The API key.', examples: ['ee_0123abcd_0123456789abcdefghjkmnpqrstvwx'] }) }),
  security: []
}

function identityOf ({ identity }: FastifyRequest): Identity {
  if (identity === undefined) throw new Error('a push route stands outside authentication')
  return identity
}

function refuseOutOfScope (key: Identity['key'], { deviceType, read }: TakenPush): void {
  const faults = checkScope(key, { deviceType, devices: read?.named ?? [] })
  if (faults.length > 0) throw new ProxyError('Forbidden.Device', undefined, { faults: read === undefined ? faults : faults.map(read.tell) })
}

/** An error keeps nothing, so it must not say that records were parked. */
function tellTaken (reply: FastifyReply, { repairs, warnings }: TakenPush): void {
  tellCounts(reply, 'x-repairs', repairs, 'parked-record')
  tellCounts(reply, 'x-warnings', warnings)
}

/** A request without a body never reaches the parser, so it has none at all. */
function bytesOf (body: unknown): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0)
}

function refuseCompressed ({ headers }: FastifyRequest): void {
  if (headers['content-encoding'] !== undefined && !['identity', 'gzip', 'deflate'].includes(contentEncodingOf(headers['content-encoding']))) throw new ProxyError('UnsupportedContentEncoding')
}
