import { readFileSync } from 'node:fs'
import t from 'tap'
import { CATALOGUE, ProxyError } from '../../src/errors.js'
import { projectUrl } from '../support/project.js'

t.test('docs/errors.md explains exactly the codes of the catalogue, with their statuses', async t => {
  const page = readFileSync(projectUrl('docs/errors.md'), 'utf8')
  const documented = Object.fromEntries([...page.matchAll(/^\| `([A-Za-z.]+)` \| ([^|]*) \|/gm)].map(([, code, status]) => [code, status?.trim()]))
  const inCode = Object.fromEntries(Object.entries(CATALOGUE).map(([code, row]) => [code, code === 'Cloud.Refused' ? 'the cloud\'s' : String(row.statusCode)]))
  t.strictSame(documented, inCode)
})

t.test('every message of the catalogue is a sentence', async t => {
  for (const { message } of Object.values(CATALOGUE)) t.match(message, /^[A-Z].{10,}\.$/)
})

t.test('a cloud\'s refusal keeps the cloud\'s status', async t => {
  t.equal(new ProxyError('Cloud.Refused', 'no', { refusal: { statusCode: 413, code: 'X', requestId: undefined } }).statusCode, 413)
  t.equal(new ProxyError('InvalidKey').statusCode, 401)
})
