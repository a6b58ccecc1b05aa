import { spawnSync } from 'node:child_process'
import t from 'tap'
import { PLAIN_NODE, projectPath } from '../support/project.js'
import { dataDirOf } from '../support/queue.js'

// Three times what half of it takes: 2 MB instead of the 8 of `npm start`, or of the 16 that Node takes by itself.
const SAVED_BYTES = 3 * 6 * 1_048_576

t.test('the queue\'s thread has a small young generation, whatever options Node was started with', t => {
  const boundedBytes = (flags: readonly string[]): number =>
    Number(spawnSync(PLAIN_NODE[0], [...PLAIN_NODE.slice(1), ...flags, projectPath('dist/test/support/bounded-heap.js'), dataDirOf(t)], { encoding: 'utf8' }).stdout)
  t.equal(boundedBytes(['--max-semi-space-size=8']), SAVED_BYTES)
  t.ok(boundedBytes([]) >= SAVED_BYTES)
  t.end()
})
