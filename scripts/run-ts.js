// Runs a TypeScript file of test/ or bench/ as the suite runs its own: `node scripts/run-ts.js FILE [ARGUMENT …]`.
import { spawn } from 'node:child_process'

const [file, ...given] = process.argv.slice(2)
const child = spawn(process.execPath, ['--import', '@tapjs/typescript/import', '--enable-source-maps', file, ...given], {
  stdio: 'inherit',
  // As tap does: types are judged by `npm run types`.
  env: { ...process.env, TS_NODE_TRANSPILE_ONLY: '1' }
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { child.kill(signal) })
child.once('close', code => { process.exitCode = code ?? 1 })
