import type { FastifyBaseLogger } from 'fastify'
import type { Clock } from '../clock.js'
import { EndSwitch } from '../end-signal.js'
import { ProxyError } from '../errors.js'
import { scanPush, type ScannedPush } from '../intake/scan-push.js'
import type { RequestMetrics, Tally } from '../metrics-requests.js'
import type { TakePoints } from '../plants/points-limit.js'
import type { Identity } from '../plants/registry.js'
import { checkScope } from '../plants/scope.js'
import { answerTaken } from '../plugins/answer-taken.js'
import type { BodyBudget } from '../plugins/body-budget.js'
import { errorBody } from '../plugins/error-body.js'
import { errorHeaders, toProxyError } from '../plugins/error-answers.js'
import { countRequest, limitHeaders, type RequestsUse } from '../plugins/plant-limits.js'
import type { RateWindows } from '../plugins/rate-windows.js'
import { logAnswered } from '../plugins/request-log.js'
import type { Deliver } from '../queue/deliver.js'
import { repeatKeyOf } from '../queue/repeat-key.js'
import type { Sent, SendOnce } from '../queue/send-once.js'
import { newRequestId } from '../request-id.js'
import type { FastAnswer } from './answer-text.js'

/** What the route of a push has as well, the very same objects. */
export interface FastExchangeParts {
  readonly clock: Clock
  readonly logger: FastifyBaseLogger
  readonly budget: BodyBudget
  readonly plantRequests: RateWindows
  readonly deliver: Deliver
  readonly sendOnce: SendOnce
  readonly takePoints: TakePoints
  /** Absent: nothing is counted. */
  readonly requests: RequestMetrics | undefined
}

const NOTHING: ReadonlyMap<string, number> = new Map()
const NO_PARTS: readonly never[] = []
const NO_HEADERS: Readonly<Record<string, string>> = {}

/** One push whose sender is known and whose body has room; the same as the hooks and the route make of it, without Fastify around it. */
export class FastExchange {
  readonly #parts: FastExchangeParts
  readonly #identity: Identity
  readonly #address: string
  readonly #bodyBytes: number
  readonly #startedMs: number
  readonly #requestId = newRequestId()
  readonly #clientGone = new EndSwitch()
  /** Who still needs the body: the exchange until it is over, and work that goes on without its sender. */
  #bodyUses = 1
  #isOver = false
  /** Against its plant's requests a minute. */
  #isCounted = false
  #statusCode = 0
  #failure: ProxyError | undefined
  #tally: Tally | undefined
  #isRepeat = false
  #isBodyFree = false

  /** @param bodyBytes Taken from the budget already, for this address. */
  constructor (parts: FastExchangeParts, identity: Identity, address: string, bodyBytes: number) {
    this.#parts = parts
    this.#identity = identity
    this.#address = address
    this.#bodyBytes = bodyBytes
    this.#startedMs = parts.clock.monotonicMs()
  }

  /**
   * Whether nobody reads the body any more, as is so when it was taken: what is relayed is confirmed, and a connection that answers before it
   * was written to the end is closed; what is stored was copied.
   */
  get isBodyFree (): boolean { return this.#isBodyFree }

  /**
   * Sends the push, if its body is proven clean and nothing stands against it.
   * @param onAnswer Called once, maybe at once, with what its sender is told.
   * @returns False: nothing was done, the general way is to judge it.
   */
  send (body: Buffer, onAnswer: (answer: FastAnswer) => void): boolean {
    const { plant, key } = this.#identity
    const scanned = scanPush(body)
    if (scanned === undefined || checkScope(key, { deviceType: scanned.deviceType, devices: [] }).length > 0) return false
    const use = countRequest(this.#parts.plantRequests, plant)
    this.#isCounted = true
    // Counted once more there, which makes no difference: the window is full.
    if (use?.isExceeded === true) return false
    this.#bodyUses += 1
    const fail = (error: unknown): void => {
      this.#letGo()
      onAnswer(this.#refuse(toProxyError(error), use))
    }
    try {
      this.#sendOnce(body, scanned).then(sent => {
        this.#letGo()
        onAnswer(this.#accept(sent, scanned, use))
      }, fail)
    } catch (error) {
      fail(error)
    }
    return true
  }

  /** The sender is gone, or has closed its sending side. */
  hangUp (): void {
    this.#clientGone.end()
  }

  /** Nothing was sent and nothing is told: the general way takes over. */
  cancel (): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#letGo()
  }

  /** @param isOut Whether the whole answer was handed to the system; otherwise the line broke. */
  end (isOut: boolean): void {
    if (this.#isOver) return
    this.#isOver = true
    if (!isOut) this.#clientGone.end()
    // One whose body never came to its end counts all the same.
    if (!this.#isCounted) countRequest(this.#parts.plantRequests, this.#identity.plant)
    const durationMs = this.#parts.clock.monotonicMs() - this.#startedMs
    this.#parts.requests?.record({
      plant: this.#identity.plant.name,
      statusCode: isOut ? this.#statusCode : undefined,
      senderGone: this.#clientGone.aborted,
      durationMs,
      bodyBytes: this.#bodyBytes,
      failure: this.#failure,
      tally: this.#tally,
      isRepeat: this.#isRepeat
    })
    if (isOut) this.#log(durationMs)
    this.#letGo()
  }

  #sendOnce (body: Buffer, { deviceType, records, points }: ScannedPush): Promise<Sent> {
    const { sendOnce, deliver, takePoints } = this.#parts
    const { plant } = this.#identity
    const requestId = this.#requestId
    const repeatKey = repeatKeyOf({ plant: plant.name, body, idempotencyKey: undefined, dedupes: plant.policy.dedupe === 'on' })
    return sendOnce({ requestId, repeatKey }, plant, this.#clientGone, () => {
      const delayMs = takePoints(plant, points)
      return deliver({ requestId, deviceType, body, recordCount: records, parked: NO_PARTS, repairs: undefined, repeatKey, delayMs }, plant, this.#clientGone)
    })
  }

  #accept (sent: Sent, { records, points }: ScannedPush, use: RequestsUse | undefined): FastAnswer {
    if (sent.repeatOf === undefined) this.#tally = { records, points, repairs: NOTHING, warnings: NOTHING }
    else this.#isRepeat = true
    this.#isBodyFree = true
    const { statusCode, headers, body } = answerTaken(this.#requestId, this.#identity.plant.policy, sent)
    this.#statusCode = statusCode
    return { statusCode, requestId: this.#requestId, limits: use === undefined ? NO_HEADERS : limitHeaders(use), headers, body, isAscii: true }
  }

  #refuse (error: ProxyError, use: RequestsUse | undefined): FastAnswer {
    this.#failure = error
    this.#statusCode = error.statusCode
    const headers = errorHeaders(error)
    headers['content-type'] = 'application/json; charset=utf-8'
    return { statusCode: error.statusCode, requestId: this.#requestId, limits: use === undefined ? NO_HEADERS : limitHeaders(use), headers, body: JSON.stringify(errorBody(error, this.#requestId)), isAscii: false }
  }

  /** Only the last of them gives the bytes back. */
  #letGo (): void {
    this.#bodyUses -= 1
    if (this.#bodyUses === 0) this.#parts.budget.release(this.#address, this.#bodyBytes)
  }

  #log (durationMs: number): void {
    const { logger } = this.#parts
    logAnswered(logger, { requestId: this.#requestId, method: 'POST', route: '/api/v1/data/increment/push', statusCode: this.#statusCode, identity: this.#identity, address: this.#address, bodyBytes: this.#bodyBytes, durationMs, failure: this.#failure })
  }
}
