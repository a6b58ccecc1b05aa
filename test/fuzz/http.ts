// Fuzzes the raw HTTP front: `npm run fuzz:http -- [minutes] [seed]`. Ends with 1 at the first crash, hang, 500 or wrong answer.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { converse, QUIET_MS, type Ending } from './converse.js'
import { findFault } from './judge.js'
import { Random } from './random.js'
import { makeConversation, type Conversation } from './requests.js'
import type { TargetReady, TargetState } from './target.js'

const minutes = Number(process.argv[2] ?? 60)
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000)
const BATCH = 2_000
const AT_ONCE = 64
/** So often what two targets answer is compared, each time with more patience: on a machine that is busy an answer may come late. */
const COMPARISONS_MAX = 4
/** Above what the target has after its first batch; V8 keeps what it once had. */
const GROWTH_MAX_BYTES = 150_000_000

interface Target extends TargetReady { readonly child: ChildProcess, readonly name: string, baseBytes?: number }

class Failure extends Error {}

async function startTarget (name: string): Promise<Target> {
  const child = fork(fileURLToPath(new URL('./target.js', import.meta.url)), [name], { execArgv: [...process.execArgv, '--expose-gc'] })
  child.once('exit', code => { fail(new Failure(`the ${name} target ended with ${code}`)) })
  const [ready] = await once(child, 'message')
  return { ...ready, child, name }
}

function fail (error: unknown): never {
  process.stderr.write(`fuzz failed, seed ${seed}: ${error instanceof Failure ? error.message : String(error)}\n`)
  process.exit(1)
}

interface Held { readonly conversation: Conversation, readonly ending: Ending, readonly received: string, readonly wasCutShort: boolean, readonly hung: boolean }

/** One connection; its number and the seed bring it back. */
async function hold (target: Target, number: number, quietMs = QUIET_MS): Promise<Held> {
  const random = new Random(seed * 1_000_003 + number)
  const conversation = makeConversation(random, target)
  const chance = random.next()
  const ending: Ending = chance < 0.75 ? 'answered' : chance < 0.80 ? 'left-alone' : chance < 0.90 ? 'half-closed' : 'hung-up'
  return { conversation, ending, ...await converse(target.port, conversation.pieces, ending, random, quietMs) }
}

async function fuzzOnce (target: Target, number: number, twin: Target): Promise<void> {
  const { conversation, ending, received, wasCutShort, hung } = await hold(target, number)
  // The strict target ends connections that are idle or too many; then a right push may go unanswered.
  const isJudgedWhole = target.name === 'lax'
  const fault = hung ? 'neither an answer nor an end' : findFault({ ...conversation, isRight: conversation.isRight && isJudgedWhole && ending !== 'answered' }, received, wasCutShort || !isJudgedWhole)
  if (fault !== undefined) throw new Failure(`connection ${number} (${target.name}, ${ending}): ${fault}\nsent ${describe(conversation)}\nreceived ${JSON.stringify(received.slice(0, 2_000))}`)
  if (isJudgedWhole && ending !== 'hung-up') await compare(target, twin, number)
}

const UNREADABLE = /could not be read as HTTP/

/** What the fast path answers is what is answered without it. */
async function compare (target: Target, twin: Target, number: number): Promise<void> {
  let told = ''
  for (let tries = 0; tries < COMPARISONS_MAX; tries++) {
    const quietMs = QUIET_MS * 4 ** tries
    const [one, other] = await Promise.all([hold(target, number, quietMs), hold(twin, number, quietMs)])
    // A fault of HTTP is seen before what is wrong with the request that it stands in, or after, as Node's parser is fed.
    if (isAlike(one.received, other.received) || UNREADABLE.test(one.received + other.received)) return
    told = `${describe(one.conversation)}\nfast ${JSON.stringify(one.received)}\ngeneral ${JSON.stringify(other.received)}`
  }
  throw new Failure(`connection ${number}: the fast path answers differently\nsent ${told}`)
}

/**
 * Whether a connection is kept behind a request that was refused depends on how much of it has been read by then, and that on how Node's
 * parser is fed; so one may have fewer answers, if the last of them ends the connection.
 */
function isAlike (one: string, other: string): boolean {
  const [fewer = [], more = []] = [answersIn(one), answersIn(other)].sort((a, b) => a.length - b.length)
  if (fewer.some((answer, at) => asCompared(answer) !== asCompared(more[at] ?? ''))) return false
  return fewer.length === more.length || /^connection: close\r$/im.test(fewer.at(-1) ?? '')
}

const answersIn = (received: string): string[] => received.split(/(?=HTTP\/1\.1 \d{3} )/)

const asCompared = (answer: string): string => answer.replace(/[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}/g, 'id').replace(/^(date|connection|keep-alive): .*\r\n/gim, '')

function describe ({ pieces }: Conversation): string {
  return JSON.stringify(pieces).replace(/(.)\1{30,}/g, (run, char) => `<${run.length} times ${char}>`).slice(0, 4_000)
}

/** After each batch: the target is alive and well, has let go of everything, and serves. */
async function checkTarget (target: Target): Promise<TargetState> {
  const body = '{"deviceType":"1","devices":[{"deviceId":"a","recordTime":"2021-09-08 18:40:00","data":{"a":"1"}}]}'
  const push = `POST /api/v1/data/increment/push HTTP/1.1\r\nHost: p\r\nX-API-Key: ${target.key}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`
  const { received } = await converse(target.port, [push], 'left-alone', new Random(1))
  if (!received.startsWith('HTTP/1.1 200 ')) throw new Failure(`a right push after a batch was answered ${JSON.stringify(received.slice(0, 300))} (${target.name})`)
  for (let tries = 0; ; tries++) {
    target.child.send('state')
    const [state]: TargetState[] = await once(target.child, 'message')
    if (state === undefined) throw new Failure('no state')
    if (state.failures.length > 0) throw new Failure(`the ${target.name} target logged ${state.failures.slice(0, 3).join('')}`)
    target.baseBytes ??= state.rssBytes
    if (state.rssBytes > target.baseBytes + GROWTH_MAX_BYTES) throw new Failure(`the ${target.name} target grew from ${target.baseBytes} to ${state.rssBytes} bytes`)
    if (state.connections === 0 && state.bodiesInFlightBytes === 0) return state
    if (tries > 100) throw new Failure(`the ${target.name} target keeps ${state.connections} connections and ${state.bodiesInFlightBytes} bytes of bodies`)
    await new Promise(resolve => { setTimeout(resolve, 100) })
  }
}

async function fuzz (): Promise<void> {
  const targets = [await startTarget('lax'), await startTarget('strict')]
  const twin = await startTarget('general')
  const endMs = performance.now() + minutes * 60_000
  let number = 0
  let toldMs = performance.now()
  process.stdout.write(`fuzz:http seed ${seed}, ${minutes} minutes\n`)
  while (performance.now() < endMs) {
    for (const target of targets) {
      const last = number + BATCH
      await Promise.all(Array.from({ length: AT_ONCE }, async () => { while (number < last && performance.now() < endMs) await fuzzOnce(target, number++, twin) }))
      const { rssBytes } = await checkTarget(target)
      if (performance.now() - toldMs < 60_000) continue
      toldMs = performance.now()
      process.stdout.write(`${number} connections, ${target.name} target ${Math.round(rssBytes / 1e6)} MB, ${Math.round((endMs - toldMs) / 60_000)} minutes left\n`)
    }
  }
  for (const { child } of [...targets, twin]) child.removeAllListeners('exit').disconnect()
  process.stdout.write(`fuzz:http passed: seed ${seed}, ${number} connections in ${minutes} minutes, no crash, no hang, no 500\n`)
}

fuzz().catch(fail)
