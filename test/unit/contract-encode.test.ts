import t from 'tap'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { DeliveredSchema, DryRunSchema, ErrorAnswerSchema, StoredSchema } from '../../src/contract/answers.js'
import { checkPush } from '../../src/contract/check-push.js'
import { encodePush } from '../../src/contract/encode-push.js'
import { PushSchema, type Push } from '../../src/contract/push.js'

const recordTime = '2021-09-08 18:40:00'
const encoded = (push: Push) => encodePush(push).toString('utf8')

t.test('a push is encoded in the documented order of fields, without blanks', async t => {
  const push: Push = { devices: [{ data: { Ub: '2', Ua: '0.10' }, recordTime, deviceId: 'm' }], deviceType: '1' }
  t.equal(encoded(push), '{"deviceType":"1","devices":[{"deviceId":"m","recordTime":"2021-09-08 18:40:00","data":{"Ub":"2","Ua":"0.10"}}]}')
  t.equal(encoded({ deviceType: '15', devices: [{ recordTime, data: { a: '1' } }] }),
    '{"deviceType":"15","devices":[{"recordTime":"2021-09-08 18:40:00","data":{"a":"1"}}]}', 'a record without an id has none')
})

t.test('every own point travels, whatever it is called, and nothing that a prototype holds', async t => {
  // JSON.parse makes __proto__ an own member, as a literal would not.
  const own: Push = JSON.parse(`{"deviceType":"1","devices":[{"deviceId":"m","recordTime":"${recordTime}","data":{"__proto__":"1","constructor":"2","toJSON":"3"}}]}`)
  t.match(encoded(own), '"data":{"__proto__":"1","constructor":"2","toJSON":"3"}')
  const inherited = Object.assign(Object.create({ b: '2' }), { a: '1' })
  const device = Object.assign(Object.create({ deviceId: 'inherited' }), { recordTime, data: inherited })
  t.equal(encoded({ deviceType: '15', devices: [device] }), '{"deviceType":"15","devices":[{"recordTime":"2021-09-08 18:40:00","data":{"a":"1"}}]}')
})

t.test('text leaves as UTF-8, and reading the bytes gives the same push', async t => {
  const push: Push = { deviceType: '1', devices: [{ deviceId: '电表"七\\', recordTime, data: { '点\u2028': '𝟙\n', 12: '1e400' } }] }
  t.same(checkPush(push), [])
  t.same(JSON.parse(encoded(push)), push)
  t.match(encoded(push), '电表\\"七\\\\', 'as characters, not as escapes')
})

/** Everything in a schema that is itself a schema, and the keywords it uses. */
function schemasIn (schema: Record<string, unknown>): Array<Record<string, unknown>> {
  const { properties, items, additionalProperties } = schema
  const inner = [...Object.values(properties ?? {}), items, additionalProperties].filter(value => typeof value === 'object' && value !== null)
  return [schema, ...inner.flatMap(schemasIn)]
}

t.test('every schema says what OpenAPI 3.0 can say, with a title, a description and an example or parts that have one', async t => {
  const known = new Set(['type', 'title', 'description', 'examples', 'properties', 'required', 'additionalProperties', 'items', 'pattern', 'enum',
    'minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'])
  for (const root of [PushSchema, DeliveredSchema, StoredSchema, ErrorAnswerSchema, DryRunSchema]) {
    // Through JSON, as the document is made: symbols stay behind.
    for (const schema of schemasIn(JSON.parse(JSON.stringify(root)))) {
      t.same(Object.keys(schema).filter(keyword => !known.has(keyword) && !keyword.startsWith('x-')), [], String(schema.title))
      t.type(schema.type, 'string')
      t.ok(schema.title && schema.description, `${String(schema.title)} is explained`)
      t.ok(schema.type === 'object' || schema.type === 'array' || schema.examples, `${String(schema.title)} has an example`)
    }
  }
  t.same(checkPush(PushSchema.examples[0]), [], 'the push that is shown is one')
})

t.test('the answers have the shapes that are promised', async t => {
  const requestId = '83A5A7DD-8974-5769-952E-590A97BEA34E'
  const faults = (count: number) => Array.from({ length: count }, () => ({ path: '', message: 'x' }))
  t.ok(TypeCompiler.Compile(DeliveredSchema).Check({ requestId, data: 'success' }))
  t.ok(TypeCompiler.Compile(StoredSchema).Check({ requestId, data: 'stored' }))
  const error = TypeCompiler.Compile(ErrorAnswerSchema)
  t.ok(error.Check({ requestId, code: 'InvalidKey', message: 'x' }))
  t.ok(error.Check({ requestId, code: 'InvalidPush', message: 'x', errors: faults(20) }))
  t.notOk(error.Check({ requestId, code: 'InvalidPush', message: 'x', errors: faults(21) }))
  t.ok(TypeCompiler.Compile(DryRunSchema).Check({
    requestId,
    data: 'dry-run',
    push: PushSchema.examples[0],
    repairs: { bom: 1 },
    steps: [{ step: 'encoding', what: 'The body is UTF-8.' }],
    request: { method: 'POST', url: 'http://127.0.0.1:1/', headers: { host: '127.0.0.1:1' }, canonicalRequest: 'POST' }
  }))
})
