// Builds dist after an install. Without TypeScript (npm ci --omit=dev, npm prune --omit=dev) an existing dist is kept as it is.
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const at = path => fileURLToPath(new URL(`../${path}`, import.meta.url))
const compiler = at('node_modules/typescript/bin/tsc')

if (existsSync(compiler)) {
  // A file that was renamed in src must not live on in dist.
  rmSync(at('dist'), { recursive: true, force: true })
  const built = spawnSync(process.execPath, [compiler, '-p', at('tsconfig.build.json')], { stdio: ['ignore', 2, 2] })
  process.exitCode = built.status ?? 1
} else if (!existsSync(at('dist/src/main.js'))) {
  process.stderr.write('There is no dist and no TypeScript to build it: run `npm ci` (with its development packages) first.\n')
  process.exitCode = 1
}
