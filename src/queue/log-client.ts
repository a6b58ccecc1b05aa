import type { Clock } from '../clock.js'
import { Gathering } from './gathering.js'
import { errorOfRefusal, fullError, unusableError } from './log-errors.js'
import { ThreadKeeper, type QueueThread, type ThreadTask } from './log-keeper.js'
import { bringsPush, type Answer, type FromThread, type NumberedRequest, type QueueAnswers, type QueueRequest, type WholePush } from './log-messages.js'
import { packRequests } from './log-pack.js'
import { packAppends, unpackStored } from './log-pack-columns.js'
import { recordsOfParts } from './log-park.js'
import { NumberedLine } from './numbered-line.js'
import type { OpenReport, Stored } from './queue-log.js'

/** Why there is no thread that could take a push. */
export interface Downtime {
  readonly damaged: boolean
  readonly full: boolean
  readonly code: string
  readonly message: string
}

export interface ClientParts {
  readonly clock: Clock
  readonly startThread: (task: ThreadTask) => QueueThread
  /** The thread serves. */
  readonly onOpened: (report: OpenReport) => void
  /** It ended without being asked to; `retries` tells how often in a row. */
  readonly onDown: (down: Downtime, retries: number) => void
  readonly onMessage: (message: Extract<FromThread, { kind: 'notice' | 'changed' }>) => void
}

interface Pending {
  readonly request: QueueRequest
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
  sent: boolean
  /** A thread ended with it: a push may be on disk then. */
  unanswered: boolean
}

/** Carries requests to the queue's thread and answers back, through the end of one thread and the start of the next. */
export class QueueClient {
  readonly #parts: ClientParts
  readonly #keeper: ThreadKeeper
  readonly #gathering: Gathering
  readonly #pending = new NumberedLine<Pending>()
  #unsent: number[] = []
  #isUp = false
  #down: Downtime | undefined
  #closed: Promise<void> | undefined

  constructor (parts: ClientParts) {
    const { clock, startThread } = parts
    this.#parts = parts
    this.#gathering = new Gathering({ clock, send: () => { this.#send() } })
    this.#keeper = new ThreadKeeper({
      clock,
      startThread,
      onMessage: message => { this.#receive(message) },
      onDown: (down, retries) => {
        this.#goDown(down)
        parts.onDown(down, retries)
      }
    })
    this.#keeper.start()
  }

  /** @throws {ProxyError} QueueFull, InternalError */
  ask<Kind extends QueueRequest['kind']> (request: Extract<QueueRequest, { kind: Kind }>): Promise<QueueAnswers[Kind]> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) reject(closedError())
      else if (this.#down !== undefined && bringsPush(request)) reject(downError(this.#down))
      // The thread answers each kind with what QueueAnswers says of it.
      else this.#enqueue(request, resolve as (result: unknown) => void, reject)
    })
  }

  close (): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close (): Promise<void> {
    this.#send()
    await this.#keeper.close()
    this.#isUp = false
    for (const [id, { reject }] of this.#pending.entries()) {
      this.#pending.delete(id)
      reject(closedError())
    }
  }

  #enqueue (request: QueueRequest, resolve: (result: unknown) => void, reject: (error: unknown) => void): void {
    this.#unsent.push(this.#pending.add({ request, resolve, reject, sent: false, unanswered: false }))
    this.#gathering.add(request.kind === 'append' ? request.entry.body.byteLength : 0)
  }

  #send (): void {
    if (!this.#isUp || this.#unsent.length === 0) return
    const waiting: NumberedRequest[] = []
    for (const id of this.#unsent) {
      const pending = this.#pending.get(id)
      if (pending === undefined) continue
      pending.sent = true
      waiting.push({ id, request: pending.request } as NumberedRequest)
    }
    this.#unsent = []
    const appends = packAppends(waiting)
    const { requests, memory } = packRequests(appends === undefined ? waiting : waiting.filter(({ request }) => request.kind !== 'append'))
    this.#keeper.post({ kind: 'requests', atMs: this.#parts.clock.now(), requests, appends }, appends === undefined ? [memory] : [memory, appends.bodies])
  }

  #receive (message: Exclude<FromThread, { kind: 'down' }>): void {
    if (message.kind === 'answers') {
      for (const answer of unpackStored(message.stored)) this.#settle(answer)
      for (const answer of message.answers) this.#settle(answer)
    } else if (message.kind === 'opened') {
      this.#isUp = true
      this.#down = undefined
      this.#resume(message.synced)
      this.#parts.onOpened(message.report)
    } else this.#parts.onMessage(message)
  }

  #settle (answer: Answer): void {
    const pending = this.#pending.get(answer.id)
    if (pending === undefined) return
    this.#pending.delete(answer.id)
    if ('refusal' in answer) pending.reject(errorOfRefusal(answer.refusal))
    else pending.resolve(answer.result)
  }

  /** Nothing of what was sent is answered as stored now. What only asks, or may be said twice, is sent once more. */
  #goDown (down: Downtime): void {
    this.#isUp = false
    this.#down = down
    for (const [id, pending] of this.#pending.entries()) {
      const giveUp = pending.sent ? pending.unanswered : bringsPush(pending.request)
      if (giveUp) {
        this.#pending.delete(id)
        pending.reject(downError(down))
      } else if (pending.sent) {
        pending.unanswered = true
        if (bringsPush(pending.request)) continue
        pending.sent = false
        this.#unsent.push(id)
      }
    }
  }

  /** Pushes that a thread left unanswered are looked for on disk, before anything new is written. */
  #resume (synced: boolean): void {
    const doubtful = [...this.#pending.entries()].filter(([, pending]) => pending.unanswered && bringsPush(pending.request))
    if (doubtful.length > 0) {
      const finish = (stored: ReadonlyArray<Stored | undefined>): void => {
        for (const [index, [id]] of doubtful.entries()) this.#settleDoubtful(id, synced ? stored[index] : undefined)
      }
      const later = this.#unsent
      this.#unsent = []
      const pushes = doubtful.map(([, { request }]) => wholePushOf(request))
      // The answer to findStored; without one, the pushes are not known to be stored.
      this.#enqueue({ kind: 'findStored', pushes }, stored => { finish(stored as Array<Stored | undefined>) }, () => { finish([]) })
      this.#unsent.push(...later)
    }
    this.#gathering.add(0)
  }

  #settleDoubtful (id: number, stored: Stored | undefined): void {
    const pending = this.#pending.get(id)
    if (pending === undefined) return
    this.#pending.delete(id)
    if (stored === undefined) pending.reject(unusableError({ code: 'NOT_STORED', message: 'The store failed while it wrote the push, and does not hold it.' }))
    else pending.resolve(pending.request.kind === 'append' ? stored : undefined)
  }
}

function wholePushOf (request: QueueRequest): WholePush {
  if (request.kind === 'append') {
    const { requestId, recordCount, parked = [] } = request.entry
    return { requestId, records: recordCount + recordsOfParts(parked) }
  }
  if (request.kind !== 'park') return { requestId: '', records: 0 }
  const { requestId, deliveredRecords, parts } = request.push
  return { requestId, records: deliveredRecords + recordsOfParts(parts) }
}

function downError (down: Downtime): Error {
  return down.full ? fullError('disk') : unusableError(down)
}

function closedError (): Error {
  return unusableError({ code: 'CLOSED', message: 'The queue is closed.' })
}
