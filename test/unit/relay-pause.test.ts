import t from 'tap'
import { createRelay, type Relay, type RelayParts } from '../../src/relay/relay.js'
import { ManualClock } from '../support/manual-clock.js'

interface Answer { readonly statusCode: number, readonly headers?: Readonly<Record<string, string>>, readonly body: string }

const BODY = Buffer.from('{}')
const DELIVERED: Answer = { statusCode: 200, body: '{"data":"success"}' }
const ONCE = { timeoutMs: 5000, retries: 'none' } as const

interface Handler {
  onRequestStart: (controller: object) => void
  onResponseStart: (controller: object, statusCode: number, headers: object) => void
  onResponseData: (controller: object, chunk: Buffer) => void
  onResponseEnd: () => void
}

/** A relay whose cloud gives these answers in turn, and then delivers. Its clock stands still, so whatever waits is seen. */
function answering (answers: Answer[]): { relay: Relay, clock: ManualClock, attempts: () => number } {
  let attempts = 0
  const clock = new ManualClock()
  // All that the relay knows of a pool.
  const pool = {
    dispatch (_: unknown, handler: Handler) {
      const { statusCode, headers = {}, body } = answers[attempts] ?? DELIVERED
      attempts += 1
      handler.onRequestStart({ abort () {} })
      handler.onResponseStart({}, statusCode, headers)
      handler.onResponseData({}, Buffer.from(body))
      handler.onResponseEnd()
      return true
    },
    async destroy () {}
  } as unknown as RelayParts['pool']
  const credential = { accessKeyId: 'id', accessKeySecret: 'secret' }
  const credentials = { get: async () => credential, refresh: async () => credential }
  return { relay: createRelay({ pool, credentials, signedHost: 'h', clock, random: () => 0 }), clock, attempts: () => attempts }
}

t.test('an error page that asks to wait does not delay the next push', async t => {
  for (const statusCode of [503, 404]) {
    const { relay } = answering([{ statusCode, headers: { 'content-type': 'text/html', 'retry-after': '60' }, body: '<html>' }])
    await relay.send(BODY, ONCE)
    t.match(await relay.send(BODY, ONCE), { kind: 'delivered' }, String(statusCode))
  }
})

t.test('a nonce that was used is replaced once, at once, and not again', async t => {
  const used: Answer = { statusCode: 400, body: '{"Code":"SignatureNonceUsed"}' }
  const { relay, attempts } = answering([used, used])
  t.match(await relay.send(BODY, { timeoutMs: 5000 }), { kind: 'maybe-arrived', code: 'SignatureNonceUsed' })
  t.equal(attempts(), 2)
})
