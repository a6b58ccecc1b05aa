import { connect } from 'node:net'
import { once } from 'node:events'
import { checkRawAnswers } from './check-raw-answers.js'

export interface RawAnswer {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Everything that came, as it came. */
  readonly text: string
}

/** Reads one answer off the front of what a socket received; undefined while it is not whole. */
export function parseAnswer (text: string): RawAnswer | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const [statusLine = '', ...headerLines] = text.slice(0, end).split('\r\n')
  const headers = Object.fromEntries(headerLines.map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]))
  const body = text.slice(end + 4)
  const length = Number(headers['content-length'] ?? 0)
  if (body.length < length) return undefined
  return { statusCode: Number(statusLine.split(' ')[1]), headers, body: body.slice(0, length), text }
}

/** Every whole answer of what a socket received, without the interim ones (100 Continue). */
export function parseAnswers (text: string): RawAnswer[] {
  const answers: RawAnswer[] = []
  for (let answer = parseAnswer(text); answer !== undefined; answer = parseAnswer(text)) {
    if (answer.statusCode >= 200) answers.push(answer)
    text = text.slice(text.indexOf('\r\n\r\n') + 4 + answer.body.length)
  }
  return answers
}

/** Writes bytes to a loopback port and resolves with all that came back once the other side closed or `done` says so. */
export async function exchange (port: number, pieces: ReadonlyArray<string | Buffer>, done: (received: string) => boolean = received => parseAnswer(received) !== undefined): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  let received = ''
  const finished = new Promise<void>(resolve => {
    socket.setTimeout(10_000, () => { resolve() })
    socket.on('data', chunk => {
      received += chunk.toString('latin1')
      if (done(received)) resolve()
    })
    socket.once('close', () => { resolve() })
    socket.once('error', () => { resolve() })
  })
  for (const piece of pieces) {
    if (socket.writable) await new Promise(resolve => { socket.write(piece, resolve) })
  }
  await finished
  socket.destroy()
  checkRawAnswers(port, Buffer.concat(pieces.map(piece => Buffer.from(piece))).toString('latin1'), parseAnswers(received))
  return received
}

/** One raw request, one answer. */
export async function exchangeOne (port: number, request: string | Buffer): Promise<RawAnswer> {
  const received = await exchange(port, [request])
  const answer = parseAnswer(received)
  if (answer === undefined) throw new Error(`no whole answer came: ${JSON.stringify(received)}`)
  return answer
}
