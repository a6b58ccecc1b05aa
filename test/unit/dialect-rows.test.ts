import t from 'tap'
import { matchFaults, readAs, refusalAs } from '../support/read-dialect.js'

const AT = '2021-09-08 18:40:00'
const TYPE = 'deviceType: 1\n'

t.test('a flat object is one record, an array of them many, their fields the points', async t => {
  const one = `{"deviceType":1,"deviceId":17,"recordTime":"${AT}","Ua":226.0,"__proto__":"1","constructor":"2"}`
  t.same(readAs({ dialect: 'flat' }, one), {
    deviceType: '1',
    records: [['17', AT, Object.fromEntries([['Ua', '226.0'], ['__proto__', '1'], ['constructor', '2']])]],
    repairs: { 'number-to-string': 3 },
    told: 'Read as flat; rows: 1, records: 1, points: 3.'
  })
  const many = `[{"device_id":"a","recordTime":"${AT}","Ua":"1"},{"deviceId":"b","recordTime":"${AT}","Ua":"2"},{"deviceId":"a","recordTime":"${AT}","Ub":"3"}]`
  t.same(readAs({ dialect: 'flat', mapping: TYPE }, many).records, [['a', AT, { Ua: '1', Ub: '3' }], ['b', AT, { Ua: '2' }]])
})

t.test('a mapping says which fields are special, how devices and points are called, and what is ignored', async t => {
  const mapping = `
fields:
  deviceType: kind
  deviceId: meter
  recordTime: [day, clock]
devices:
  M7: meter-7
points:
  U1: Ua
ignore: [note, "raw_{any}"]
`
  const body = '{"kind":"2","meter":"M7","day":"2021-09-08","clock":"18:40:00","U1":"226.0","Ub":"1","note":"x","raw_1":{}}'
  t.match(readAs({ dialect: 'flat', mapping }, body), { deviceType: '2', records: [['meter-7', AT, { Ua: '226.0', Ub: '1' }]] })
  t.match(readAs({ dialect: 'flat', mapping }, body.replace('"day":"2021-09-08","clock":"18:40:00"', '"clock":"18:40:00","day":"2021-09-08"')).records, [['meter-7', AT]], 'whichever comes first')
  matchFaults(t, { dialect: 'flat', mapping: `${mapping}unmapped: reject\n` }, body, [/^\/Ub is a field that the mapping leads nowhere: Ub; add it to points or to ignore, or set unmapped: drop$/])
  t.match(readAs({ dialect: 'flat', mapping: `${mapping}unmapped: drop\n` }, body), { records: [['meter-7', AT, { Ua: '226.0' }]], repairs: { unmapped: 1 } })
})

t.test('faults of flat objects stand at their own members', async t => {
  const flat = { dialect: 'flat', mapping: TYPE } as const
  matchFaults(t, flat, `[{"deviceId":true,"recordTime":7,"Ua":null},{"deviceId":"b","recordTime":"${AT}","Ua":{"v":1}},{"recordTime":"${AT}","Ua":"1"}]`, [
    /^\/0\/deviceId must be a string, not true/, /^\/0\/Ua must be a string, not null/, /^\/0\/recordTime is too small/, /^\/1\/Ua must be a string such as "329.0", not an object/, /^\/2\/deviceId is missing/
  ])
  matchFaults(t, flat, `{"deviceId":"a/b~c","recordTime":"${AT}","x/y~z":[]}`, [/^\/x~1y~0z must be a string/])
  matchFaults(t, flat, '[1,[]]', [/^\/0 must be an object such as/, /^\/1 must be/])
  matchFaults(t, flat, `{"deviceType":"2","deviceId":"a","recordTime":"${AT}","Ua":"1"}`, [/^\/deviceType stands beside the deviceType that the mapping gives; add it to ignore/])
  matchFaults(t, flat, `{"deviceId":"a","device_id":"b","recordTime":"${AT}","Ua":"1"}`, [/^\/device_id tells the deviceId a second time/])
  matchFaults(t, { dialect: 'flat' }, `{"deviceId":"a","recordTime":"${AT}","Ua":"1"}`, [/^\/deviceType is missing: no field tells the device type/])
  matchFaults(t, { dialect: 'flat', mapping: TYPE }, `[{"deviceId":"a","recordTime":"${AT}","Ua":"1"},{"deviceId":"a","recordTime":"${AT}","Ua":"1"}]`,
    [/^\/1\/Ua leads to the same device, time and point as \/0\/Ua;/])
  matchFaults(t, flat, `[{"deviceId":"a","recordTime":"${AT}"}]`, [/^\/0 must hold at least one point$/])
  matchFaults(t, flat, '[]', [/^ holds no reading$/])
})

t.test('lines end with CR alone, too, and ragged rows cost no more than others', async t => {
  const csv = { dialect: 'csv', mapping: `${TYPE}csv: {skipLines: 1}` } as const
  t.same(readAs(csv, `a title\rdeviceId,recordTime,Ua\r7,${AT},1\r`).records, [['7', AT, { Ua: '1' }]])
  const startMs = performance.now()
  matchFaults(t, { dialect: 'csv', mapping: TYPE }, `${','.repeat(2000)}\n${',,,,\n'.repeat(80_000)}`, [/^ holds no reading$/])
  // 8 s where each row was an error; the bound leaves room for a machine that is busy.
  t.ok(performance.now() - startMs < 2_000)
})

t.test('rows of one reading each are gathered, flat or in a table', async t => {
  const mapping = `${TYPE}fields: {deviceId: d, recordTime: t, point: p, value: v}\npoints: {U1: Ua}\nignore: [Spare]\n`
  const rows = [['7', AT, 'U1', '226,5'], ['8', AT, 'U1', '1'], ['7', AT, 'Ub', '2'], ['7', AT, 'Spare', '9']]
  const records = [['7', AT, { Ua: '226,5', Ub: '2' }], ['8', AT, { Ua: '1' }]]
  const table = `d;t;p;v\n${rows.map(row => row.join(';')).join('\n')}`
  t.same(readAs({ dialect: 'csv', mapping }, table).records, records)
  t.equal(readAs({ dialect: 'csv', mapping }, table).told, 'Read as csv; rows: 4, records: 2, points: 3; left out: 1 ignored.')
  t.same(readAs({ dialect: 'flat', mapping }, JSON.stringify(rows.map(([d, time, p, v]) => ({ d, t: time, p, v })))).records, records)
  matchFaults(t, { dialect: 'csv', mapping }, `${table.replace('U1;1', 'U1;')}\n;;;5`, [/^\/6\/p line 6, column p: must tell the point of the reading/])
  matchFaults(t, { dialect: 'csv', mapping }, table.replace('U1;1', 'U1;'), [/^\/3\/v line 3, column v: must not be empty/])
  matchFaults(t, { dialect: 'csv', mapping: `${mapping}unmapped: reject\n` }, table, [/^\/4\/p line 4, column p: is a point that the mapping leads nowhere: Ub;/])
  matchFaults(t, { dialect: 'csv', mapping }, table.replace('p;v', 'p;v;unit').replaceAll('\n', ';\n').replace(';;unit', ';unit').replace('v;unit;', 'v;unit') + ';', [/column unit: is a column that the mapping leads nowhere: unit; add it to fields or to ignore/])
})

t.test('tags may stand in the names of columns or in a column of their own', async t => {
  const tags = 'tags: ["Channel1.{device}.{point}"]\n'
  const wide = `Time,Channel1.M7.Ua,Channel1.M8.Ua,Note\n${AT},1,2,hello\n`
  const mapping = `${TYPE}fields: {recordTime: Time}\n${tags}ignore: [Note]\n`
  t.same(readAs({ dialect: 'csv', mapping }, wide).records, [['M7', AT, { Ua: '1' }], ['M8', AT, { Ua: '2' }]])
  matchFaults(t, { dialect: 'csv', mapping: mapping.replace('ignore', '#') }, wide, [/^\/2\/Note line 2, column Note: is a column that the mapping leads nowhere: Note; add it to tags or/])
  const long = `Time,Tag,Value\n${AT},Channel1.M7.Ua,1\n${AT},Channel1.M8.Ua,2\n`
  const fields = `${TYPE}fields: {recordTime: Time, tag: Tag, value: Value}\n${tags}`
  t.same(readAs({ dialect: 'csv', mapping: fields }, long).records, [['M7', AT, { Ua: '1' }], ['M8', AT, { Ua: '2' }]])
  matchFaults(t, { dialect: 'csv', mapping: fields }, long.replace('Channel1.M8', 'Channel2.M8'), [/^\/3\/Tag line 3, column Tag: is a tag that the mapping leads nowhere: Channel2.M8.Ua/])
})

const csv = { dialect: 'csv', mapping: TYPE } as const

t.test('a table is read with any line end, quotes, a mark at its start and blank lines', async t => {
  const records = [['a', AT, { Ua: '1', Ub: 'x "y",\r\nz' }], ['b', AT, { Ua: '2' }]]
  for (const end of ['\n', '\r\n', '\r']) {
    const body = ['deviceId,recordTime,"Ua",Ub', `a,${AT},1,"x ""y"",\r\nz"`, '', `b,${AT},2,`, ',,,', '', ''].join(end)
    t.same(readAs(csv, `\uFEFF${body}`).records, records, JSON.stringify(end))
  }
  t.equal(readAs(csv, `deviceId,recordTime,Ua,Ub\na,${AT},1,\nb,${AT},,2`).told, 'Read as csv; rows: 2, records: 2, points: 2; left out: 2 empty.')
  t.equal(readAs(csv, `deviceId,recordTime,Ua,Ub,Uc\na,${AT},1," ","\u3000"\nb,${AT},,2,"\u00a0\t"`).told, 'Read as csv; rows: 2, records: 2, points: 2; left out: 4 empty.')
})

t.test('the delimiter is found in the first line, or told; decimal commas stay', async t => {
  for (const mark of [',', ';', '\t']) t.same(readAs(csv, ['deviceId', 'recordTime', 'Ua'].join(mark) + `\na${mark}${AT}${mark}1`).records, [['a', AT, { Ua: '1' }]], mark)
  t.same(readAs(csv, `deviceId;recordTime;"a,b"\na;${AT};226,5`).records, [['a', AT, { 'a,b': '226,5' }]])
  t.same(readAs({ dialect: 'csv', mapping: `${TYPE}csv: {delimiter: bar, trim: true}` }, `deviceId | recordTime | Ua;x\n a | ${AT} | 1 `).records, [['a', AT, { 'Ua;x': '1' }]])
})

t.test('columns can be named by the mapping, and lines before the table skipped', async t => {
  const mapping = `${TYPE}csv: {columns: [recordTime, deviceId, Ua], skipLines: 2}\n`
  t.same(readAs({ dialect: 'csv', mapping }, `Export "of\ntoday\n${AT},a,1`).records, [['a', AT, { Ua: '1' }]])
  matchFaults(t, { dialect: 'csv', mapping }, `x\ny\n${AT},a,1\n${AT},a`, [/^\/4 line 4: has 2 cells where the mapping has 3$/])
})

t.test('faults of a table begin with the line that an editor shows, and the column', async t => {
  const table = (...rows: string[]) => ['deviceId,recordTime,Ua', ...rows].join('\r\n')
  matchFaults(t, csv, table(`a,${AT},"x\r\ny"`, '', 'b,soon,1', `,${AT},2`), [/^\/5\/recordTime line 5, column recordTime: /, /^\/6\/deviceId line 6, column deviceId: is missing/])
  matchFaults(t, csv, table(`a,${AT}`, `b,${AT},1,2`), [/^\/2 line 2: has 2 cells where the header row has 3$/, /^\/3 line 3: has 4 cells/])
  matchFaults(t, csv, table(`a,${AT},1`, `a,${AT},2`), [/^\/3\/Ua line 3, column Ua: leads to the same device, time and point as line 2, column Ua; send/])
  matchFaults(t, csv, table(`a,${AT},"1`, `b,${AT},2`), [/^\/2 line 2: has a cell that begins with a quote and none that ends it/])
  matchFaults(t, csv, table(`a,${AT},"1"x`), [/^\/2 line 2: has a cell that goes on behind its closing quote/])
  matchFaults(t, csv, table('', `a,${AT},1"x`), [/^\/3 line 3: has a quote within a cell/])
  matchFaults(t, csv, table().replace('Ua', 'deviceId'), [/^\/1\/deviceId line 1, column deviceId: stands twice in the header row/])
  matchFaults(t, csv, 'deviceId,,recordTime\n', [/^\/1 line 1: has no name for column number 2/])
  matchFaults(t, { dialect: 'csv', mapping: `${TYPE}fields: {deviceId: Meter}` }, table(), [/^\/1 line 1: has no column Meter, which the mapping names under fields/])
  matchFaults(t, csv, table(), [/^ holds no reading$/])
  t.equal(refusalAs(csv, table('a,2021-02-30 18:40:00,1')).message, 'The push breaks the contract: /2/recordTime line 2, column recordTime: is a time that the calendar does not have.')
})

t.test('a delimiter behind every line is no column', async t => {
  t.same(readAs(csv, `deviceId;recordTime;Ua;\na;${AT};1;\n`).records, [['a', AT, { Ua: '1' }]])
  matchFaults(t, csv, `deviceId;recordTime;Ua;\na;${AT};1;5\n`, [/^\/1 line 1: has no name for column number 4/])
})

t.test('tables that are too large are refused with their bound', async t => {
  t.match(refusalAs(csv, `a,b\n${'1,2\n'.repeat(100_001)}`).message, /^The table holds more than 100000 lines/)
  t.match(refusalAs(csv, ','.repeat(5_000)).message, /^The table holds more than 4096 columns/)
})

const form = { dialect: 'form', mapping: TYPE } as const

t.test('the fields of a form are one row, decoded whatever their encoding', async t => {
  t.same(readAs(form, 'deviceId=m+1&recordTime=2021-09-08+18%3A40%3A00&Ua=226.0&x=%26%3D%25%2B&%E7%94%B5=%e8%a1%a8&\r\n').records,
    [['m 1', AT, { Ua: '226.0', x: '&=%+', 电: '表' }]])
  t.same(readAs({ ...form, charset: 'gb18030' }, `deviceId=m&recordTime=${AT}&%B5%E7=1`).records, [['m', AT, { 电: '1' }]])
  t.match(readAs({ dialect: 'form', mapping: 'fields: {deviceType: t}' }, `t=2&deviceId=m&recordTime=${AT}&Ua=1`), { deviceType: '2' })
})

t.test('faults of a form stand at its fields', async t => {
  matchFaults(t, form, 'deviceId=m&recordTime=soon&Ua=&Ub', [/^\/recordTime /, /^\/Ua must not be empty/, /^\/Ub must not be empty/])
  matchFaults(t, form, `deviceId=m&recordTime=${AT}&Ua=1&%55a=2`, [/^\/Ua stands twice in the form/])
  const wide = Buffer.from(`deviceId=m&recordTime=${AT}&Ua=伫`, 'utf16le').swap16()
  matchFaults(t, { ...form, charset: 'utf-16be' }, wide, [/^InvalidEncoding The form holds the byte 0, as UTF-16 does, at byte 0 .* UTF-8/])
  matchFaults(t, { ...form, charset: 'iso-2022-jp' }, Buffer.from('deviceId=\x1b$B+!\x1b(B&Ua=1'), [/^InvalidEncoding The form holds the byte 27, as ISO-2022-JP does, at byte 9 /])
  matchFaults(t, form, 'deviceId=m&Ua=1%2', [/^InvalidEncoding The body is percent-encoded, and the % at byte 15/])
  t.match(refusalAs(form, Array.from({ length: 2_001 }, (_, index) => `p${index}=1`).join('&')).message, /^The form has more than 2000 fields/)
})
