import t from 'tap'
import { CatalogError } from '../../src/catalog/catalog-error.js'
import type { Catalog } from '../../src/catalog/catalog.js'
import { judgePush } from '../../src/catalog/judge-push.js'
import { CATALOG_BOUNDS, readCatalog } from '../../src/catalog/read-catalog.js'
import { catalogTemplate, DOCUMENTED_POINTS } from '../../src/catalog/template.js'
import { PUSH_EXAMPLES } from '../../src/contract/push-examples.js'
import type { Push } from '../../src/contract/push.js'

const read = (text: string | Uint8Array, name = 'list.csv'): Catalog => readCatalog(typeof text === 'string' ? Buffer.from(text) : text, name)

function faultsOf (text: string | Uint8Array, name?: string): readonly string[] {
  try {
    read(text, name)
  } catch (error) {
    if (error instanceof CatalogError) return error.faults
    throw error
  }
  return []
}

const pointsOf = (catalog: Catalog, type: string) => [...catalog.typeOf(type)?.points.values() ?? []]

t.test('the template holds the documented points of type 1, and passes its own check', async t => {
  // The examples are of many shapes; this one is a push.
  const documented = PUSH_EXAMPLES['documented']?.value as Push
  const catalog = read(catalogTemplate())
  t.same(catalog.types, ['1'])
  t.same(pointsOf(catalog, '1').map(({ point }) => point), [...DOCUMENTED_POINTS])
  t.same(new Set(DOCUMENTED_POINTS), new Set(Object.keys(documented.devices[0]?.data ?? {})), 'those of the documented push')
})

t.test('CSV is read as spreadsheets write it: commas, semicolons or tabs, quotes, blank lines, GBK, a mark, columns in any order', async t => {
  const rows = [{ type: '1', point: 'Ua', name: 'A相电压', unit: 'V', need: 'required' }, { type: '12', point: 'a,b', name: '', unit: '', need: 'optional' }]
  const lines = [['need', 'point', 'type', 'unit', 'name'], ['Required', 'Ua', '1', 'V', 'A相电压'], ['', '"a,b"', '12', '', '']]
  for (const [delimiter, name] of [[',', 'comma'], [';', 'semicolon'], ['\t', 'tab']] as const) {
    const text = `# a comment\r\n\r\n${lines.map(line => line.join(delimiter)).join('\r\n')}\r\n\r\n${delimiter.repeat(4)}\r\n`
    const catalog = read(`\uFEFF${text}`)
    t.same([...pointsOf(catalog, '1'), ...pointsOf(catalog, '12')], rows, name)
  }
  const gbk = Buffer.concat([Buffer.from('type,point,name\n1,Ua,'), Buffer.from([0xb5, 0xe7, 0xd1, 0xb9]), Buffer.from('\n')])
  t.equal(pointsOf(read(gbk), '1')[0]?.name, '电压')
})

t.test('YAML is a sequence of points, and whatever stands there is text', async t => {
  const catalog = read('- {type: 1, point: Ua, unit: V, need: required}\n- type: 1\n  point: null\n- {type: 01, point: __proto__}\n', 'list.yaml')
  t.same(catalog.types, ['1', '01'])
  t.same([...catalog.typeOf('1')?.points.keys() ?? []], ['Ua', 'null'])
  t.same([...catalog.typeOf('01')?.points.keys() ?? []], ['__proto__'])
})

t.test('what cannot be used is told by line', async t => {
  t.same(faultsOf('type,point,need\n1,Ua,must\n,Ub,\n1,,\n1,Ua,\n1;x,Uc,\n'), [
    'Line 2: need must be required, recommended, optional or empty.',
    'Line 3: type must be a code such as 1.',
    'Line 4: point must be a code such as Ua.',
    'Line 6: type must be a code such as 1.',
    'Line 5: the point "Ua" of type 1 stands in line 2 already.'
  ])
  t.same(faultsOf('type,code,type\n1,Ua,1\n'), [
    'The first line names no column "point".', 'The first line names the column "type" twice.',
    'The first line names a column "code"; the columns are type, point, name, unit, need.'
  ])
  t.same(faultsOf('type,point\n1,Ua,V\n'), ['Line 2 cannot be read as CSV: it has more or fewer columns than the first line names.'])
  t.same(faultsOf('type,point\n1,"Ua\n'), ['Line 2 cannot be read as CSV: a quoted field never ends.'])
  t.same(faultsOf('a: 1\n', 'x.yml'), ['The list must be a YAML sequence of points, each with type and point.'])
  t.same(faultsOf('- [1]\n- {typ: 1}\n- {type: [1], point: a}\n', 'x.yml'), [
    'Line 1: each entry must be a mapping such as {type: "1", point: Ua}.', 'Line 2: the fields are type, point, name, unit, need.', 'Line 3: type must be text.'
  ])
  t.same(faultsOf('- '.repeat(5_000), 'x.yml'), ['The list nests deeper than any point does.'])
  t.same(faultsOf('- {type: 1, point: "a}\n', 'x.yml'), ['Line 2 cannot be read as YAML.'])
  t.same(faultsOf('- &a {type: 1, point: a}\n- *a\n', 'x.yml'), ['Line 2: each entry must be a mapping such as {type: "1", point: Ua}.'])
  t.same(faultsOf(''), ['It has no points.'])
  t.same(faultsOf('type,point\n'), ['It has no points.'])
  t.same(faultsOf(Buffer.from([0xff, 0xff])), ['It is neither UTF-8 nor GB 18030; save it as UTF-8.'])
  t.same(faultsOf(Buffer.alloc(CATALOG_BOUNDS.bytesMax + 1)), ['It is larger than 8388608 bytes.'])
  t.equal(faultsOf(`type,point\n${'1,\n'.repeat(500)}`).length, CATALOG_BOUNDS.faultsMax)
})

const pushOf = (deviceType: string, ...data: Array<Record<string, string>>): Push => ({
  deviceType, devices: data.map((points, index) => ({ deviceId: String(index), recordTime: '2021-09-08 18:40:00', data: points }))
})
const catalog = read('type,point,need\n1,Ua,required\n1,dp_imp,recommended\n1,Ub,\n')

t.test('a push is judged by the points of its type; recommended ones are counted and no fault', async t => {
  t.same(judgePush(catalog, pushOf('1', { Ua: '1', dp_imp: '2' }), 10), { counts: new Map(), faults: [], firstFaults: new Map() })
  const found = judgePush(catalog, pushOf('1', { Ua: '1', UB: '1' }, { 'a/b': '1' }), 10)
  t.same([...found.counts], [['unknown-point', 2], ['missing-recommended', 2], ['missing-required', 1]])
  t.same(found.faults, [
    { path: '/devices/0/data/UB', message: 'is no point that the catalog has for this device type; did you mean Ub?' },
    { path: '/devices/1/data/a~1b', message: 'is no point that the catalog has for this device type' },
    { path: '/devices/1/data', message: 'lacks the point Ua, which the catalog requires' }
  ])
  t.equal(judgePush(catalog, pushOf('1', { x: '1', y: '1', z: '1' }), 2).faults.length, 2)
  const [short, long] = judgePush(catalog, pushOf('1', { Ua: '1', Ux: '1', dp_inp: '1' }), 10).faults
  t.match(short?.message, /this device type$/, 'any code of two letters is near every other')
  t.match(long?.message, /did you mean dp_imp\?$/)
})

t.test('a type that the list does not have is no fault: the set of types is open', async t => {
  t.same(judgePush(catalog, pushOf('99', { anything: '1' }), 10), { counts: new Map([['unknown-type', 1]]), faults: [], firstFaults: new Map() })
})

t.test('names of members mean nothing', async t => {
  const found = judgePush(catalog, pushOf('1', JSON.parse('{"Ua":"1","constructor":"1","__proto__":"1"}')), 10)
  t.equal(found.counts.get('unknown-point'), 2)
})
