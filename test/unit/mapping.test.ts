import t from 'tap'
import { mappingOf, mappingPairFault, mappingTextFault } from '../../src/mapping/mapping-faults.js'
import { isIgnored, resolveTag } from '../../src/mapping/resolve-tag.js'
import type { DialectName } from '../../src/mapping/mapping.js'

const targetOf = (mapping: string, tag: string) => {
  t.equal(mappingTextFault(mapping), undefined)
  const target = resolveTag(mappingOf(mapping), tag)
  return target === undefined ? undefined : [target.device, target.point, target.deviceType]
}

t.test('a tag is led by the rule for it alone, otherwise by the first pattern that fits', async t => {
  const mapping = `
tags:
  - Channel1.{device}.{point}
  - tag: Channel1.Meter7.kWh
    device: main
    point: Ep_imp
    deviceType: 2
  - tag: "{site}.{line}.{device}.{point}"
    device: "{site}-{line}-{device}"
    point: "x_{point}"
points:
  Voltage_A: Ua
  x_P: P
`
  t.same(targetOf(mapping, 'Channel1.Meter7.Ub'), ['Meter7', 'Ub', undefined])
  t.same(targetOf(mapping, 'Channel1.Meter7.Voltage_A'), ['Meter7', 'Ua', undefined])
  t.same(targetOf(mapping, 'Channel1.Meter7.kWh'), ['main', 'Ep_imp', '2'])
  t.same(targetOf(mapping, 'north.a.m1.P'), ['north-a-m1', 'P', undefined], 'points are renamed behind the rule')
  for (const tag of ['Channel1.Meter7', 'Channel1..Ua', 'Channel1.Meter7.', '.Channel1.Meter7.Ua.x', 'channel1.Meter7.Ua', 'Channel1.Meter7.Ua.b.c']) {
    t.equal(targetOf(mapping, tag), undefined, tag)
  }
})

t.test('a placeholder ends where the text behind it first stands, and never holds the separator', async t => {
  t.same(targetOf('tags: ["{device}_{point}"]', 'M7_Ep_imp'), ['M7', 'Ep_imp', undefined])
  t.same(targetOf('tags: ["{device}_{point}_raw"]', 'M7_Ep_imp_raw'), ['M7', 'Ep_imp', undefined])
  t.equal(targetOf('tags: ["{device}_{point}_raw"]', 'M7_raw'), undefined, 'a text counts once')
  t.equal(targetOf('tags: ["{device}_{point}"]', 'a.M7_Ua'), undefined)
  t.same(targetOf('separator: /\ntags: ["[default]{area}/{device}/{point}"]', '[default]North/10.0.0.7/Ua'), ['10.0.0.7', 'Ua', undefined])
  t.equal(targetOf('separator: /\ntags: ["[default]{device}/{point}"]', '[default]North/M7/Ua'), undefined)
  t.same(targetOf('tags: ["{{{device}}}{point}"]', '{M7}Ua'), ['M7', 'Ua', undefined], 'a doubled brace is itself')
  t.same(targetOf('tags: ["{point}"]', '__proto__'), [undefined, '__proto__', undefined])
})

t.test('a pattern that a tag almost fits costs no more than the tag is long', async t => {
  const pattern = `tags: ["${'{a}x{b}x{c}x{d}x{e}x{f}x{g}x'.replace(/\{(.)\}/g, '{$1}')}{point}!"]`
  const startMs = performance.now()
  for (let round = 0; round < 200; round++) t.equal(resolveTag(mappingOf(pattern), 'x'.repeat(50_000)), undefined)
  t.ok(performance.now() - startMs < 5_000)
})

t.test('names are ignored as they are written or by pattern', async t => {
  const mapping = mappingOf('ignore: [Note, "{channel}._System._{any}"]')
  t.same(['Note', 'A._System._Time', 'Notes', 'A._System.Time'].map(name => isIgnored(mapping, name)), [true, true, false, false])
})

t.test('a number is taken by its characters, and a key may be any text', async t => {
  const mapping = mappingOf('deviceType: 012\ndeviceId: 0x10\npoints: {40001: Ua, __proto__: Ub, "true": Uc}\ndevices: {7: meter-7, 8: {deviceType: 2}}')
  t.same([mapping.deviceType, mapping.deviceId, mapping.points.get('40001'), mapping.points.get('__proto__'), mapping.points.get('true')], ['012', '0x10', 'Ua', 'Ub', 'Uc'])
  t.same([mapping.devices.get('7'), mapping.devices.get('8')], [{ deviceId: 'meter-7' }, { deviceType: '2' }])
})

const WRONG: ReadonlyArray<readonly [text: string, fault: RegExp]> = [
  ['', /^line 1: is empty/],
  ['deviceTyp: 1', /^line 1, deviceTyp: is no key here; did you mean deviceType\?$/],
  ['pigeons: 1', /^line 1, pigeons: is no key here; there are deviceType, /],
  ['deviceType: 1\ndeviceType: 2', /^line 2, deviceType: stands twice, the first time in line 1$/],
  ['\n\ndeviceType: yes it is', /^line 3, deviceType: must be a device type: letters/],
  ['deviceType: true', /^line 1, deviceType: must be a device type such as "1"; put true, false, null/],
  ['deviceType:', /^line 1, deviceType: must be/],
  ['deviceType: &a 1', /^line 1, deviceType: uses an anchor, an alias or a tag of YAML/],
  ['deviceType: !!str 1', /uses an anchor, an alias or a tag/],
  ['deviceId: &a m\npoints: {U: *a}', /line 2, U: uses an anchor, an alias or a tag/],
  ['deviceType: 1\n---\ndeviceType: 2', /is no YAML/],
  ['- a', /must be a list of names and values/],
  ['a: [', /^line 1: is no YAML: /],
  ['tags:\n  - {device}.{point}', /^line 2: is no YAML: .*; put a text that begins with \{ into quotes/],
  [`a: ${'['.repeat(5_000)}`, /^line 1: nests deeper than any mapping does/],
  ['tags: Channel1.{device}.{point}', /^line 1, tags: must be a list, each element on a line that begins with "- "$/],
  ['tags:\n  - "{device}{point}"', /^line 2, tag: has two placeholders without a text between them/],
  ['tags:\n  - "{device}.{device}.{point}"', /has a placeholder twice/],
  ['tags:\n  - "{de vice}.{point}"', /has a \{ that begins no placeholder/],
  ['tags:\n  - "a}.{point}"', /has a \} that ends no placeholder/],
  ['tags:\n  - Channel1.Meter7.Ua', /^line 2, tags: has a rule without a point/],
  ['tags:\n  - {point: Ua}', /has a rule without "tag"/],
  ['tags:\n  - {tag: "a.{point}", device: "{b}"}', /has a rule that uses \{b\}, which does not stand in its tag/],
  ['tags:\n  - {tag: a, point: Ua}\n  - {tag: a, point: Ub}', /^line 3, tags: has a rule for a tag that an earlier rule is for/],
  ['tags:\n  - {tag: a, pont: Ua}', /^line 2, pont: is no key here; did you mean point\?; line 2, tags: has a rule without a point/],
  [`tags:\n${'  - "a{x}b{point}"\n'.repeat(21)}`, /has 21 patterns with placeholders; the limit is 20/],
  [`ignore:\n${'  - "a{x}b"\n'.repeat(21)}`, /^line 1, ignore: has 21 patterns with placeholders; the limit is 20$/],
  ['separator: ..', /must be one character/],
  ['unmapped: maybe', /^line 1, unmapped: takes keep, reject, or drop$/],
  ['fields: {recordTime: [a, b, c]}', /takes one field, or two: that of the date and that of the time/],
  ['fields: {deviceId: [a, b]}', /takes one field$/],
  ['fields: {deviceId: a, recordTime: a}', /takes a field that deviceId takes already/],
  ['fields: {time: a}', /^line 1, time: is no key here/],
  ['devices: {a: {deviceId: "", x: 1}}', /deviceId: must be a device id, and is empty; .*x: is no key here/],
  [`deviceId: ${'m'.repeat(257)}`, /is longer than 256 characters/],
  [`points: {a: ${'m'.repeat(129)}}`, /is longer than 128 characters/],
  ['points: {"a\\tb": Ua}', /holds the control character U\+0009/],
  ['csv: {delimiter: "#"}', /delimiter: takes comma, ,, semicolon, ;, tab, bar, or \|/],
  ['csv: {skipLines: 1.5}', /takes a number of lines from 0 to 999/],
  ['csv: {columns: [a, a]}', /has two columns of one name/],
  ['csv: {trim: yes}', /trim: takes true or false/],
  [`x: ${'y'.repeat(65_536)}`, /^holds 65539 bytes; the limit is 65536$/]
]

t.test('what is wrong in a mapping is told with its line and key', async t => {
  for (const [text, fault] of WRONG) t.match(String(mappingTextFault(text)), fault, JSON.stringify(text.slice(0, 80)))
  t.match(String(mappingTextFault(Array.from({ length: 9 }, (_, index) => `k${index}: 1`).join('\n'))), /^line 1, k0: .*; line 5, k4: [^;]*;[^;]*; and 4 more$/)
})

t.test('a mapping and a dialect that do not go together are told apart from one that is wrong', async t => {
  const wrong: ReadonlyArray<readonly [DialectName, string | undefined, RegExp]> = [
    ['kepware', undefined, /^--dialect kepware needs --mapping FILE, which leads each tag to a device and a point; set both at once\.$/],
    ['kepware', 'deviceType: 1', /^--mapping does not go with --dialect kepware: line 1, tags: is missing/],
    ['kepware', 'tags: ["{point}"]\nfields: {deviceId: a}', /line 2, fields: has no meaning in the kepware dialect/],
    ['kepware', 'tags: ["{point}"]\ncsv: {trim: true}', /line 2, csv: has no meaning in the kepware dialect/],
    ['flat', 'deviceType: 1\nfields: {deviceType: t}', /line 2, fields: names a field for deviceType, which is given as well/],
    ['flat', 'deviceId: m\nfields: {deviceId: t}', /names a field for deviceId, which is given as well/],
    ['csv', 'fields: {point: p}', /must name value together with point or tag/],
    ['csv', 'fields: {point: p, tag: t, value: v}\ntags: ["{point}"]', /names both point and tag/],
    ['csv', 'fields: {tag: t, value: v}', /names a field with tags; add the rules of tags/],
    ['csv', 'fields: {point: p, value: v}\ntags: ["{point}"]', /tags: would never be used/],
    ['csv', 'tags: ["{point}"]\nunmapped: keep', /line 2, unmapped: cannot be keep/],
    ['form', 'fields: {point: p, value: v}', /a form is one row/]
  ]
  for (const [dialect, text, fault] of wrong) {
    if (text !== undefined) t.equal(mappingTextFault(text), undefined, text)
    t.match(String(mappingPairFault(dialect, text)), fault)
  }
  for (const dialect of ['energy-expert', 'flat', 'csv', 'form'] as const) t.equal(mappingPairFault(dialect, undefined), undefined)
  t.equal(mappingPairFault('energy-expert', 'tags: ["{point}"]\ncsv: {trim: true}'), undefined, 'it may be set before its dialect')
})

t.test('a text that is made to be slow or deep is refused in bounded time', async t => {
  const texts = ['['.repeat(20_000), '{a: '.repeat(5_000), '- '.repeat(10_000), '? '.repeat(10_000), '&a '.repeat(5_000), '"'.repeat(20_000), '*a '.repeat(5_000), `tags: [${'a,'.repeat(10_000)}]`]
  for (const text of texts) {
    const startMs = performance.now()
    t.type(mappingTextFault(text), 'string', text.slice(0, 20))
    t.ok(performance.now() - startMs < 5_000, text.slice(0, 20))
  }
  const keys = Array.from({ length: 3_000 }, (_, index) => `p${index}: q${index}`).join('\n  ')
  t.equal(mappingTextFault(`points:\n  ${keys}`), undefined)
})

t.test('the text of a mapping is read once, and the longest unused is forgotten', async t => {
  const first = mappingOf('deviceId: a')
  t.equal(mappingOf('deviceId: a'), first)
  for (let index = 0; index < 64; index++) mappingOf(`deviceId: b${index}`)
  t.not(mappingOf('deviceId: a'), first)
})
