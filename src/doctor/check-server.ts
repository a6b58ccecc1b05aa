import { Type, type Static } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { Client } from 'undici'
import type { Config } from '../config.js'
import { redactText } from '../redact.js'
import { isServerRunning } from '../store/lock.js'
import { codeOf, fault, type Found, ok, type Report, skipped, warning } from './report.js'

export interface ServerCheckParts {
  readonly dataDir: string | undefined
  readonly admin: Pick<Config['admin'], 'host' | 'port'>
}

const ANSWER_MS_MAX = 5_000
const ANSWER_BYTES_MAX = 262_144

/** Whether a proxy runs on the data directory, and what it says of itself. */
export async function checkServer (report: Report, { dataDir, admin }: ServerCheckParts): Promise<void> {
  const server = await report.check('server', { 'data-dir': dataDir }, given => isServerRunning(given['data-dir'])
    ? ok('A proxy runs on DATA_DIR.', { isRunning: true })
    : ok('No proxy runs on DATA_DIR.', { isRunning: false }))
  const answer = await report.check('readyz', { server }, async given => given.server.isRunning ? await askReadyz(admin) : skipped('No proxy runs.'))
  if (answer !== undefined) await report.check('alarms', {}, () => judgeAlarms(answer))
}

/** What tells a proxy's answer from that of anything else that has such a page. */
const ReadyzSchema = Type.Object({
  status: Type.Union([Type.Literal('ready'), Type.Literal('not-ready')]),
  reasons: Type.Optional(Type.Array(Type.Object({ check: Type.String({ maxLength: 64 }), message: Type.String() }))),
  details: Type.Optional(Type.Object({ queue: Type.Optional(Type.Record(Type.String(), Type.Unknown())) }))
})

type ReadyzAnswer = Static<typeof ReadyzSchema>

async function askReadyz ({ host, port }: ServerCheckParts['admin']): Promise<Found<ReadyzAnswer>> {
  if (port === 0) return skipped('ADMIN_PORT is 0, so that nobody knows where the admin port is.')
  // A server that listens at every address is asked at one of its own.
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  const name = { '0.0.0.0': '127.0.0.1', '::': '::1' }[bare] ?? bare
  const origin = `http://${name.includes(':') ? `[${name}]` : name}:${port}`
  const client = new Client(origin, { connectTimeout: ANSWER_MS_MAX, maxResponseSize: ANSWER_BYTES_MAX })
  try {
    const { statusCode, body } = await client.request({ method: 'GET', path: '/readyz', signal: AbortSignal.timeout(ANSWER_MS_MAX) })
    const answer = parse(await body.text())
    if (statusCode === 200 && answer !== undefined) return ok('It is ready.', answer)
    const reasons = (answer?.reasons ?? []).slice(0, 5).map(({ check, message }) => `${check}: ${message}`)
    if (statusCode !== 503 || reasons.length === 0) return fault(`What answers at ${origin}/readyz is no proxy of this kind (status ${statusCode}).`, 'Run this with the settings of the proxy; look at ADMIN_HOST and ADMIN_PORT.')
    return { ...fault(`It is not ready. ${redactText(reasons.join(' '))}`, 'See the checks of /readyz in docs/operations.md.'), value: answer }
  } catch (error) {
    return fault(`A proxy runs, but ${origin}/readyz does not answer (${codeOf(error)}).`, 'Run this with the settings of the proxy (ADMIN_HOST, ADMIN_PORT); when they are the same, it hangs: read its log.')
  } finally {
    await client.destroy()
  }
}

function parse (text: string): ReadyzAnswer | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return Value.Check(ReadyzSchema, value) ? value : undefined
  } catch {
    return undefined
  }
}

function judgeAlarms ({ details }: ReadyzAnswer): Found<never> {
  const { alarms, alarm, alarmCode, alarmSince } = details?.queue ?? {}
  if (typeof alarms !== 'number' || alarms === 0) return ok('No alarm of the queue stands.')
  return warning(`${alarms === 1 ? 'One alarm' : `${alarms} alarms`} of the queue: ${redactText(`${String(alarm)} (${String(alarmCode)}) since ${String(alarmSince)}`)}.`, 'See "Alarms of the queue" in docs/operations.md.')
}
