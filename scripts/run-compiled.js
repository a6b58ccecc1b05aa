// Compiles test/ and bench/ and runs a file of theirs: `node scripts/run-compiled.js bench/queue-append.ts [ARGUMENT …]`.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import './build-tests.js'

// A build that failed has said why.
if (process.exitCode !== 0 && process.exitCode !== undefined) process.exit()

const [file, ...given] = process.argv.slice(2)
const compiled = fileURLToPath(new URL(`../dist/${file.replace(/\.ts$/, '.js')}`, import.meta.url))
const child = spawn(process.execPath, ['--enable-source-maps', compiled, ...given], { stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { child.kill(signal) })
child.once('close', code => { process.exitCode = code ?? 1 })
