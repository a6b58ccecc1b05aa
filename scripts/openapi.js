// Writes openapi/openapi.json: what a running proxy answers at /openapi.json. Needs dist: `npm run openapi` builds it first.
import { writeFileSync } from 'node:fs'
import { startDemo } from './start-demo.js'

const demo = await startDemo()
try {
  const document = await (await fetch(`${demo.origin}/openapi.json`)).json()
  writeFileSync(new URL('../openapi/openapi.json', import.meta.url), `${JSON.stringify(document, null, 2)}\n`)
} finally {
  await demo.close()
}
