import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import type { Answer } from './answers.js'
import type { FaultName } from './faults.js'

/** How an answer goes over the wire. */
export interface Manner {
  readonly fault: FaultName | undefined
  /** Between two bytes of a dribbled body. */
  readonly ms: number
}

const TOO_MUCH_CHUNKS = 256
const TOO_MUCH_CHUNK_BYTES = 65_536

const staleSockets = new WeakSet<Socket>()

/** Whether whatever comes next over a socket must meet its end. */
export function isStale (socket: Socket): boolean {
  return staleSockets.has(socket)
}

/** Writes an answer in the manner that was asked for; a manner that is none of the wire's faults writes it whole. */
export function sendAnswer (response: ServerResponse, answer: Answer, { fault, ms }: Manner): void {
  const socket = response.socket
  const body = Buffer.from(answer.body)
  const writeHead = (extraBytes = 0): void => {
    response.writeHead(answer.statusCode, { ...answer.headers, 'content-length': body.length + extraBytes })
  }
  // destroySoon lets what was written reach the line first; destroy does not.
  const closeSoon = (): void => { socket?.destroySoon() }
  switch (fault) {
    case 'neverAnswers':
      return
    case 'hangsUp':
      socket?.destroy()
      return
    case 'hangsUpAfterHeaders':
      writeHead()
      response.flushHeaders()
      closeSoon()
      return
    case 'truncatesBody':
      // The whole JSON is there, so that only a client that minds the Content-Length notices.
      writeHead(16)
      response.write(body, closeSoon)
      return
    case 'dribbles':
      writeHead()
      dribble(response, body, ms)
      return
    case 'answersTooMuch':
      response.writeHead(answer.statusCode, answer.headers)
      Readable.from(tooMuch(answer.body)).pipe(response)
      return
    case 'goesStale':
      if (socket !== null) staleSockets.add(socket)
      writeHead()
      response.end(body)
      return
    case 'closesIdle':
      response.setHeader('connection', 'keep-alive')
      writeHead()
      response.end(body, closeSoon)
      return
    default:
      writeHead()
      response.end(body)
  }
}

function dribble (response: ServerResponse, body: Buffer, ms: number): void {
  let at = 0
  const timer = setInterval(() => {
    response.write(body.subarray(at, at + 1))
    at += 1
    if (at < body.length) return
    clearInterval(timer)
    response.end()
  }, ms)
  response.once('close', () => { clearInterval(timer) })
}

/** The answer's own JSON, led by 16 MiB of blanks: to a client without a bound it is a success in the end. */
function * tooMuch (body: string): Generator<Buffer> {
  const blanks = Buffer.alloc(TOO_MUCH_CHUNK_BYTES, ' ')
  for (let chunk = 0; chunk < TOO_MUCH_CHUNKS; chunk++) yield blanks
  yield Buffer.from(body)
}
