// Compiles the program and its tests into dist, once for all of them: under a loader each test file took a second more to
// start, and each program that it starts as well. Types are not judged here: `npm run types` does that.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const at = path => fileURLToPath(new URL(`../${path}`, import.meta.url))

// A test that was renamed or deleted must not run on.
rmSync(at('dist'), { recursive: true, force: true })
const compiled = spawnSync(process.execPath, [at('node_modules/typescript/bin/tsc'), '-p', at('tsconfig.test.json'), '--noCheck'], { stdio: ['ignore', 2, 2] })
process.exitCode = compiled.status ?? 1
