// Runs the suite: `npm test`, or some files of it: `npm test -- test/http/push.test.ts`. It uses tap itself instead of its
// command line, which puts a loader into every process, those that a test starts included: half a second of processor time each.
import { readdirSync } from 'node:fs'
import t from 'tap'

const FOLDERS = ['crash', 'http', 'clients', 'unit']
/** Files that wait for programs of their own, or that load what changes the whole process, as the official SDK does. */
const ALONE = /^dist\/test\/(crash|clients)\/|\/http\/(commands.*|docs.*|front-connections|official-sdk|shutdown.*|stored)\.test\.js$/
const GROUP_FILES_MAX = 7
/** A test that hangs ends after this long, and names what it waits for. */
const TIMEOUT_SECONDS = 120

const given = process.argv.slice(2).map(file => file.replace(/^(dist\/)?(.*?)(\.ts|\.js)?$/, 'dist/$2.js'))
const all = FOLDERS.flatMap(folder => readdirSync(`dist/test/${folder}`).filter(name => name.endsWith('.test.js')).map(name => `dist/test/${folder}/${name}`))

/** The files of one process each. */
function toGroups (files) {
  const alone = files.filter(file => ALONE.test(file))
  const others = files.filter(file => !ALONE.test(file))
  const groups = Array.from({ length: Math.ceil(others.length / GROUP_FILES_MAX) }, (_, n) => others.slice(n * GROUP_FILES_MAX, (n + 1) * GROUP_FILES_MAX))
  return [...alone.map(file => [file]), ...groups]
}

process.env.TAP_TIMEOUT ??= String(TIMEOUT_SECONDS)
t.setTimeout(0)
// One more than the processors of a small machine: many tests wait for a deadline or for a process.
t.jobs = 3
const failed = []
for (const [number, files] of toGroups(given.length > 0 ? given : all).entries()) {
  const name = files.join(' ')
  const note = () => { failed.push(name) }
  // tap would hand its loader on through the environment.
  t.spawn('env', ['-u', 'NODE_OPTIONS', `TEST_FILES=${name}`, process.execPath, '--enable-source-maps', 'scripts/test-group.js', String(number)], { buffered: true, timeout: 0 }, name)
    .then(result => { if (result !== null && !result.ok) note() }, note)
}
t.teardown(() => { for (const files of failed) process.stderr.write(`failed: ${files}\n`) })
