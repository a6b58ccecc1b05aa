import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { monotonicMs } from './monotonic.js'
import type { Peer } from './peers/peer.js'
import type { Schedule } from './schedule-thread.js'

export interface OpenLoad {
  readonly bodies: readonly string[]
  readonly connections: number
  readonly perSecond: number
  readonly seconds: number
  /** How long the last answers are waited for. */
  readonly patienceMs?: number
}

export interface OpenRound {
  /** From the moment that a push was due until its whole answer was there. */
  readonly timesMs: readonly number[]
  /** From that moment until the sender took it up: the sender's own part of the times. */
  readonly lateMs: readonly number[]
  readonly failures: number
}

/** A thread is up by then. */
const THREAD_START_MS = 100
/** What the first pushes tell is the sender's start. */
const LEAD_MS = 500

/**
 * Sends pushes on a fixed schedule, whether those before have been answered or not. Where all connections are busy a push
 * waits for one, and the wait counts: a peer that stands still for a moment makes every push late that was due then.
 */
export async function loadOnSchedule ({ url, keys: [key = ''] }: Pick<Peer, 'url' | 'keys'>, { bodies, connections, perSecond, seconds, patienceMs = 10_000 }: OpenLoad): Promise<OpenRound> {
  const { host, hostname, port, pathname } = new URL(url)
  const requests = bodies.map(body => Buffer.from(`POST ${pathname} HTTP/1.1\r\nHost: ${host}\r\nX-API-Key: ${key}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`))
  const [timesMs, lateMs, waiting]: [number[], number[], number[]] = [[], [], []]
  const free = await Promise.all(Array.from({ length: connections }, async () => await openConnection(Number(port), hostname)))
  const sockets = [...free]
  const dueOf = new Map<Socket, number>()
  let [failures, sent] = [0, 0]
  const startMs = monotonicMs() + THREAD_START_MS
  const counts = (dueMs: number): boolean => dueMs - startMs >= LEAD_MS

  const send = (socket: Socket, dueMs: number): void => {
    dueOf.set(socket, dueMs)
    socket.write(requests[sent++ % requests.length] ?? '')
  }
  for (const socket of sockets) {
    readAnswers(socket, isSuccess => {
      const dueMs = dueOf.get(socket)
      dueOf.delete(socket)
      if (dueMs !== undefined && counts(dueMs)) timesMs.push(monotonicMs() - dueMs)
      if (!isSuccess) failures++
      const next = waiting.shift()
      if (next === undefined) free.push(socket)
      else send(socket, next)
    })
  }
  await onSchedule({ startMs, everyMs: 1000 / perSecond, total: Math.round((LEAD_MS / 1000 + seconds) * perSecond) }, dueMs => {
    if (counts(dueMs)) lateMs.push(monotonicMs() - dueMs)
    const socket = free.shift()
    if (socket === undefined) waiting.push(dueMs)
    else send(socket, dueMs)
  })
  for (const endMs = monotonicMs() + patienceMs; dueOf.size > 0 && monotonicMs() < endMs;) await new Promise(resolve => { setTimeout(resolve, 5) })
  // An answer that never came is in no time, so it must be told.
  failures += dueOf.size + waiting.length
  for (const socket of sockets) socket.destroy()
  return { timesMs, lateMs, failures }
}

async function openConnection (port: number, host: string): Promise<Socket> {
  const socket = connect({ port, host, noDelay: true })
  await once(socket, 'connect')
  // A connection that ends keeps its push for ever, which is counted at the end.
  return socket.on('error', () => {})
}

/** Every peer sends Content-Length, and an answer is only asked for when the one before has come. */
function readAnswers (socket: Socket, onAnswer: (isSuccess: boolean) => void): void {
  let text = ''
  socket.on('data', chunk => {
    text += chunk.toString('latin1')
    const headEnd = text.indexOf('\r\n\r\n')
    if (headEnd === -1) return
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0)
    if (text.length < headEnd + 4 + length) return
    const isSuccess = text.startsWith('HTTP/1.1 2')
    text = ''
    onAnswer(isSuccess)
  })
}

async function onSchedule (schedule: Schedule, work: (dueMs: number) => void): Promise<void> {
  const thread = new Worker(fileURLToPath(new URL('./schedule-thread.js', import.meta.url)), { workerData: schedule })
  thread.on('message', work)
  await once(thread, 'exit')
}
