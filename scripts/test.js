// Runs the suite: `npm test`, or some files of it: `npm test -- test/http/push.test.ts`. The processes print TAP, and so does
// this. tap's own command line puts a loader into every process, those that a test starts included, half a second of processor
// time each, and reads all that they print once more.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { withSourcePlaces } from './source-places.js'

const FOLDERS = ['crash', 'http', 'clients', 'unit']
/** Files that load what changes the whole process, as the official SDK does, that open a thousand connections, or that compute. */
const ALONE = /^dist\/test\/(crash|clients)\/|\/http\/(front-connections|official-sdk)\.test\.js$/
/** A process takes a second of processor time before its first test. */
const GROUP_FILES_MAX = 10
/** A test that hangs ends after this long, and names what it waits for. */
const TIMEOUT_SECONDS = 120

const given = process.argv.slice(2).map(file => file.replace(/^(dist\/)?(.*?)(\.ts|\.js)?$/, 'dist/$2.js'))
const all = FOLDERS.flatMap(folder => readdirSync(`dist/test/${folder}`).filter(name => name.endsWith('.test.js')).map(name => `dist/test/${folder}/${name}`))

/** The files of one process each. The folders hold heavy files and light ones, so they are dealt like cards. */
function toGroups (files) {
  const alone = files.filter(file => ALONE.test(file))
  const others = files.filter(file => !ALONE.test(file))
  const count = Math.ceil(others.length / GROUP_FILES_MAX)
  const groups = Array.from({ length: count }, (_, group) => others.filter((_, n) => n % count === group))
  return [...alone.map(file => [file]), ...groups]
}

// One more than the processors of a small machine: many tests wait for a deadline or for a process.
const JOBS = 3
const env = { ...process.env, TAP_TIMEOUT: process.env.TAP_TIMEOUT ?? String(TIMEOUT_SECONDS) }
const groups = toGroups(given.length > 0 ? given : all)
const sum = { total: 0, pass: 0, fail: 0, todo: 0, skip: 0 }
const failed = []
const startMs = performance.now()

async function run (number, files) {
  const TEST_FILES = files.join(' ')
  // Most of what these processes compute they compute once: optimizing it costs a tenth of the whole suite. Some do compute.
  const flags = ['--single-threaded-gc', ...(/\/(crash|clients)\//.test(TEST_FILES) ? [] : ['--no-opt', '--max-lazy'])]
  const child = spawn(process.execPath, [...flags, 'scripts/test-group.js', String(number)], { env: { ...env, TEST_FILES }, stdio: ['ignore', 'pipe', 'inherit'] })
  const [output, [code, signal]] = await Promise.all([text(child.stdout), once(child, 'close')])
  process.stdout.write(`# ${TEST_FILES}\n${code === 0 ? output : withSourcePlaces(output)}\n`)
  // tap closes with `# { total: 3, pass: 3 }`; a process that broke off does not.
  const [, summary] = /^# \{ (.*) \}$/m.exec(output) ?? []
  const counts = Object.fromEntries((summary ?? '').split(', ').filter(part => part !== '').map(part => part.split(': ')))
  for (const name of Object.keys(sum)) sum[name] += Number(counts[name] ?? 0)
  if (code === 0 && summary !== undefined) return
  failed.push(`${TEST_FILES} (${signal ?? `exit code ${code}`})`)
  if (counts.fail === undefined) sum.fail += 1
}

const waiting = [...groups.entries()]
await Promise.all(Array.from({ length: JOBS }, async () => {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await run(...next)
}))
process.stdout.write(`# ${((performance.now() - startMs) / 1000).toFixed(1)} s\n`)
for (const files of failed) process.stderr.write(`failed: ${files}\n`)
const told = Object.entries(sum).filter(([name, count]) => count > 0 || name === 'total' || name === 'pass')
process.stdout.write(`# { ${told.map(([name, count]) => `${name}: ${count}`).join(', ')} }\n`)
if (failed.length > 0) process.exitCode = 1
