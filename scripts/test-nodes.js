// Runs the suite on other Node versions, which come from the registry: `npm run test:nodes [24 26 …]`.
import { spawnSync } from 'node:child_process'

const versions = process.argv.length > 2 ? process.argv.slice(2) : ['24']
for (const version of versions) {
  const ran = spawnSync('npx', ['-y', '-p', `node@${version}`, '-c', 'node --version && npm test'], { stdio: 'inherit' })
  if (ran.status !== 0) {
    process.stderr.write(`The suite failed on Node ${version}.\n`)
    process.exit(1)
  }
}
