import { createHash, createHmac, randomUUID } from 'node:crypto'
import { connect } from 'node:net'

/** A request as it goes over the wire; names and their order are kept as they stand. */
export interface WireRequest {
  method: string
  target: string
  headers: Record<string, string>
  body: Buffer
}

export interface SignOptions {
  accessKeyId?: string
  accessKeySecret?: string
  host: string
  dateMs?: number
  body?: string | Buffer
  /** Signed and sent beside the usual ones, or instead of them. */
  headers?: Record<string, string>
}

export const onePushBody = '{"deviceType":"1","devices":[{"deviceId":"device_code_xxx","recordTime":"2021-09-08 18:40:00","data":{"Ua":"226.0"}}]}'

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** A third, tiny implementation of signature version 3, so that no signer of the project judges the sandbox. */
export function signPush (options: SignOptions): WireRequest {
  const { accessKeyId = 'key-id', accessKeySecret = 'key-secret', host, dateMs = Date.now() } = options
  const body = Buffer.from(options.body ?? onePushBody)
  const headers: Record<string, string> = {
    host,
    'content-type': 'application/json',
    'x-acs-action': 'PushDeviceData',
    'x-acs-content-sha256': sha256(body),
    'x-acs-date': new Date(dateMs).toISOString().replace(/\.\d+Z$/, 'Z'),
    'x-acs-signature-nonce': randomUUID(),
    'x-acs-version': '2022-09-23',
    ...options.headers
  }
  const names = Object.keys(headers).sort()
  const target = '/api/v1/data/increment/push'
  const canonicalRequest = `POST\n${target}\n\n${names.map(name => `${name}:${headers[name]}\n`).join('')}\n${names.join(';')}\n${sha256(body)}`
  const signature = createHmac('sha256', accessKeySecret).update(`ACS3-HMAC-SHA256\n${sha256(canonicalRequest)}`).digest('hex')
  headers.authorization = `ACS3-HMAC-SHA256 Credential=${accessKeyId},SignedHeaders=${names.join(';')},Signature=${signature}`
  return { method: 'POST', target, headers, body }
}

/** The bytes of a request that asks for the connection to be closed behind the answer, unless it says otherwise. */
export function toBytes ({ method, target, headers, body }: WireRequest): Buffer {
  const lines = Object.entries({ connection: 'close', ...headers, 'content-length': String(body.length) }).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'), body])
}

export interface WireAnswer {
  /** Everything that came, byte for byte as Latin-1. */
  text: string
  /** 0 when no status line came. */
  statusCode: number
  headers: Record<string, string>
  body: string
  /** How many pieces the answer came in, as the system handed them over. */
  pieces: number
}

/** Sends bytes over a connection of its own and reads until the other side closes, or has sent `bytesMax`. */
export async function exchange (port: number, bytes: Buffer, bytesMax = Number.POSITIVE_INFINITY): Promise<WireAnswer> {
  const pieces: Buffer[] = []
  await new Promise<void>(resolve => {
    let count = 0
    const socket = connect(port, '127.0.0.1', () => { socket.write(bytes) })
    socket.on('data', piece => {
      pieces.push(piece)
      count += piece.length
      if (count > bytesMax) socket.destroy()
    })
    // A reset is an end like any other here: what came before it is the answer.
    socket.on('error', () => {})
    socket.on('close', () => { resolve() })
  })
  const text = Buffer.concat(pieces).toString('latin1')
  const end = text.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = text.slice(0, Math.max(end, 0)).split('\r\n')
  const headers = Object.fromEntries(lines.map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]))
  const whole = Buffer.concat(pieces).subarray(end + 4).toString('utf8')
  return { text, statusCode: Number(statusLine.split(' ')[1] ?? 0), headers, body: end < 0 ? '' : whole, pieces: pieces.length }
}
