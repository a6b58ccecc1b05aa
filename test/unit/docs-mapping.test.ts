import { readFileSync } from 'node:fs'
import t from 'tap'
import { encodePush } from '../../src/contract/encode-push.js'
import { readPush } from '../../src/intake/read-push.js'
import { mappingPairFault, mappingTextFault } from '../../src/mapping/mapping-faults.js'
import { DIALECT_NAMES } from '../../src/mapping/mapping.js'
import { readMapping } from '../../src/mapping/read-mapping.js'
import { REPAIR_CODES } from '../../src/intake/repairs.js'
import { blocksOf, type PageBlock } from '../support/page.js'
import { projectUrl } from '../support/project.js'

t.test('every mapping of the pages can be set, with the dialect that is named beside it', async t => {
  let mappings = 0
  for (const page of ['docs/mapping.md', 'docs/senders/kepware.md', 'docs/senders/ignition.md', 'docs/senders/csv.md']) {
    for (const { kind, text } of blocksOf(page).filter(block => block.kind.startsWith('yaml'))) {
      const dialect = DIALECT_NAMES.find(name => kind === `yaml ${name}`)
      t.equal(mappingTextFault(text) ?? (dialect === undefined ? `${kind} names no dialect` : mappingPairFault(dialect, text)), undefined, `${page}: ${text}`)
      mappings += 1
    }
  }
  t.ok(mappings >= 8)
})

for (const [page, count] of [['docs/mapping.md', 5], ['docs/senders/csv.md', 1]] as const) {
  t.test(`every example of ${page} gives the push that stands below it`, async t => {
    const blocks = blocksOf(page)
    const results = blocks.flatMap(({ kind }, at) => kind === 'json push' ? [at] : [])
    t.equal(results.length, count)
    for (const at of results) {
      const [mapping, body, result] = blocks.slice(at - 2, at + 1) as [PageBlock, PageBlock, PageBlock]
      const dialect = DIALECT_NAMES.find(name => mapping.kind === `yaml ${name}`)
      if (dialect === undefined) throw new Error(`no mapping before ${body.text}`)
      const { push } = readPush(Buffer.from(body.text), { unknownFields: 'reject', dialect, mapping: mapping.text }, { nowMs: 0 })
      t.equal(encodePush(push).toString(), result.text)
    }
  })
}

t.test('docs/mapping.md explains every key that a mapping has, and no other', async t => {
  const [, section = ''] = readFileSync(projectUrl('docs/mapping.md'), 'utf8').split('## Every key')
  const told = [...section.split('\n## ')[0]?.matchAll(/^\| `(\w+)` \|/gm) ?? []].map(([, key]) => key)
  const [{ message = '' } = {}] = readMapping('pigeons: 1').faults
  t.same(told.sort(), message.replace(/^.*there are /, '').split(', ').sort())
})

t.test('docs/operations.md explains every code of X-Repairs, and no other', async t => {
  const [, section = ''] = readFileSync(projectUrl('docs/operations.md'), 'utf8').split('X-Repairs` says what was done')
  const told = [...section.split('\n## ')[0]?.matchAll(/^\| (`[^|]+) \|/gm) ?? []].flatMap(([, codes = '']) => [...codes.matchAll(/`([\w-]+)`/g)].map(([, code]) => code))
  t.same(told.sort(), [...REPAIR_CODES].sort())
})
