import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Answer, Refusal, refusalAnswer, successAnswer } from './answers.js'
import { answerControl } from './control.js'
import { createFaults, type FaultName, type FaultOptions, type Faults } from './faults.js'
import { type Judge, judgePush, PUSH_PATH, REDIRECTED_PATH } from './judge-push.js'
import { createNonces } from './nonces.js'
import { openServer } from './open-server.js'
import { createReceived, type ReceivedPush } from './received.js'
import { isStale, type Manner, sendAnswer } from './send-answer.js'
import type { SandboxAccount } from './verify-request.js'
import { onlyValue, readWhole, type WholeRequest } from './whole-request.js'

export type { FaultName, FaultOptions, ReceivedPush, SandboxAccount }

export interface SandboxOptions {
  /** The address to listen at, default `127.0.0.1`. */
  readonly host?: string | undefined
  /** Default 0: chosen by the system. */
  readonly port?: number | undefined
  /** Read anew for every request, so a caller that keeps the array may change it. */
  readonly accounts: readonly SandboxAccount[]
  /** The Host names it answers for; default: its own host and port, and Energy Expert's public hosts. */
  readonly signedHosts?: readonly string[] | undefined
  /** Its clock in milliseconds since the epoch, default the machine's. */
  readonly now?: (() => number) | undefined
  /** How many pushes it remembers, default 1000. The oldest go first. */
  readonly receivedMax?: number | undefined
  readonly onReceived?: ((push: ReceivedPush) => void) | undefined
  /** PEM; with it the sandbox speaks https alone. */
  readonly tls?: { readonly cert: string, readonly key: string } | undefined
}

export interface Sandbox {
  /** `http://127.0.0.1:PORT`, or `https://…`. */
  readonly origin: string
  readonly port: number
  /** Pushes that arrived, oldest first. */
  received (): readonly ReceivedPush[]
  /** How many requests came whole to the push path, verified or not. */
  attempts (): number
  /** Faults with `times` happen one after another; one without stays until `heal` or the next `inject`. */
  inject (fault: FaultName, options?: FaultOptions): void
  heal (): void
  /** Destroys what is open; resolves when the port is free. */
  close (): Promise<void>
}

const PUBLIC_HOSTS = ['energyexpertexternal.cn-hangzhou.aliyuncs.com', 'energyexpertexternal.ap-southeast-1.aliyuncs.com']

interface Desk extends Judge {
  readonly faults: Faults
  readonly attempts: () => number
  readonly countAttempt: () => void
  readonly scheme: string
}

/** Starts the stand-in for Energy Expert. Rejects with the system's error when the address cannot be had. */
export async function startSandbox (options: SandboxOptions): Promise<Sandbox> {
  const { host = '127.0.0.1', now = Date.now, receivedMax = 1000, onReceived, tls } = options
  const faults = createFaults()
  const received = createReceived(receivedMax)
  const scheme = tls === undefined ? 'http' : 'https'
  const signedHosts: string[] = [...options.signedHosts ?? PUBLIC_HOSTS]
  let attempts = 0
  const desk: Desk = {
    accounts: options.accounts,
    signedHosts,
    nonces: createNonces(),
    received,
    now,
    onReceived,
    faults,
    scheme,
    attempts: () => attempts,
    countAttempt: () => { attempts += 1 }
  }
  const { port, close } = await openServer({ host, port: options.port ?? 0, tls }, (request, response) => {
    if (isStale(request.socket)) request.socket.destroy()
    else serve(request, response, desk).catch(() => { response.destroy() })
  })
  const names = [isAnyAddress(host) ? '127.0.0.1' : host, '127.0.0.1', 'localhost'].map(name => name.includes(':') ? `[${name}]` : name)
  const hosts = names.map(name => new URL(`${scheme}://${name}:${port}`).host)
  if (options.signedHosts === undefined) signedHosts.push(...hosts)
  return {
    origin: `${scheme}://${hosts[0] ?? ''}`,
    port,
    received: () => received.list(),
    attempts: () => attempts,
    inject: (fault, faultOptions) => { faults.inject(fault, faultOptions) },
    heal: () => { faults.heal() },
    close
  }
}

function isAnyAddress (host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

async function serve (incoming: IncomingMessage, response: ServerResponse, desk: Desk): Promise<void> {
  // Rejects when the sender went before its request was whole: then there is nobody to answer.
  const request = await readWhole(incoming)
  const requestId = randomUUID().toUpperCase()
  const { answer, manner, skewMs } = decideOrFail(request, requestId, desk)
  response.sendDate = false
  response.setHeader('date', new Date(desk.now() + skewMs).toUTCString())
  response.setHeader('x-acs-request-id', requestId)
  sendAnswer(response, answer, manner)
}

interface Decision {
  readonly answer: Answer
  readonly manner: Manner
  readonly skewMs: number
}

// A callback that throws is the caller's defect: it must show, and must not look like a fault that was asked for.
function decideOrFail (request: WholeRequest, requestId: string, desk: Desk): Decision {
  try {
    return decide(request, requestId, desk)
  } catch (cause) {
    const refusal = new Refusal('InternalError', `The sandbox itself failed: ${String(cause)}`)
    return { answer: refusalAnswer(refusal, requestId, ''), manner: { fault: undefined, ms: 0 }, skewMs: 0 }
  }
}

function decide (request: WholeRequest, requestId: string, desk: Desk): Decision {
  if (request.path === PUSH_PATH) {
    desk.countAttempt()
    const taken = desk.faults.take()
    const manner = { fault: taken.fault?.fault, ms: taken.fault?.ms ?? 20 }
    return { answer: judgePush(request, requestId, taken, desk), manner, skewMs: taken.skewMs }
  }
  const answer = request.path === REDIRECTED_PATH
    ? successAnswer(requestId)
    : answerControl(request, desk) ?? answerUnknownPath(request, requestId)
  return { answer, manner: { fault: undefined, ms: 0 }, skewMs: desk.faults.skewMs() }
}

function answerUnknownPath (request: WholeRequest, requestId: string): Answer {
  const refusal = new Refusal('InvalidApi.NotFound', 'Specified api is not found, please check your url, method and version.')
  return refusalAnswer(refusal, requestId, onlyValue(request.headers, 'host') ?? '')
}
