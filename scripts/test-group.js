// Runs the test files of TEST_FILES in one process, one behind the other: its start costs more than most of them do.
import asyncHooks from 'node:async_hooks'
import { syncBuiltinESMExports } from 'node:module'
import { pathToFileURL } from 'node:url'

// tap follows every promise and socket back to the test that it began in, an eighth of the suite's processor time, only to say
// whose an error is that nobody caught. One test runs at a time, so the one that runs is told of it.
asyncHooks.createHook = () => ({ enable () {}, disable () {} })
syncBuiltinESMExports()
const { default: tap } = await import('tap')
process.on('uncaughtException', error => {
  let test = tap
  for (let [next] = test.activeSubtests; next?.activeSubtests !== undefined; [next] = next.activeSubtests) test = next
  test.threw(error)
})

// The first test waits for the last file: until then folder and environment are those that the suite was started with.
let start
const loaded = new Promise(resolve => { start = resolve })
tap.before(async () => await loaded)
for (const file of process.env.TEST_FILES.split(' ')) await import(pathToFileURL(file).href)
// A hang ends the test that hangs: the time that tap gives all of them together begins anew with each. A file may have asked for more.
const timeoutMs = Math.max(Number(process.env.TAP_TIMEOUT) * 1000, tap.options.timeout)
tap.on('subtestStart', () => { tap.setTimeout(timeoutMs) })
start()
