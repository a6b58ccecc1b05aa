import t from 'tap'
import { faultsAs, readAs } from '../support/read-dialect.js'

const MAPPING = 'deviceType: 1\nfields: {deviceId: Zähler, recordTime: Zeit}\n'
const AT = '2021-09-08 18:40:00'
const ROWS = `Zähler;Zeit;Ua\nm;${AT};1\n`
const csv = (more = '') => ({ dialect: 'csv', mapping: `${MAPPING}${more}` }) as const
const LACKS = 'has no column Zähler, which the mapping names under fields'

t.test('a header row that lacks a column says what it has, and what may be meant', async t => {
  t.same(faultsAs(csv(), ROWS.replace('Zähler', 'Zahler')), [`/1 line 1: ${LACKS}; did you mean Zahler?; the columns there are: Zahler, Zeit, Ua`])
  t.same(faultsAs(csv(), 'a;b\n1;2\n'), [`/1 line 1: ${LACKS}; the columns there are: a, b`, '/1 line 1: has no column Zeit, which the mapping names under fields'])
  t.match(faultsAs(csv(), ROWS.replaceAll(';', '^')), [/; the columns there are: Zähler\^Zeit\^Ua; is its delimiter another \(csv: \{ delimiter: … \}\)\?$/])
  t.match(faultsAs(csv(), ROWS.replace('Zähler', 'Z盲hler')), [/there are: Z盲hler, Zeit, Ua; where these look wrong, the encoding is another \(plants set NAME --charset …\)$/])
  t.match(faultsAs(csv(), ROWS.replace('Zähler', `${'x'.repeat(129)};\u0001;${Array.from({ length: 9 }, (_, index) => `c${index}`).join(';')}`)),
    [/there are: \(a name that cannot be printed\), \(a name that cannot be printed\), c0, c1, c2, c3, c4, c5 and 5 more$/])
})

t.test('a header row further down, or with another delimiter, is found, and what is said of it works', async t => {
  const tables: ReadonlyArray<readonly [table: string, more: string, remedy: string]> = [
    [`Report, north\n\n${ROWS}`, '', 'line 3 has them all: set csv: { skipLines: 2 } in the mapping'],
    [`Report;;\n${ROWS}`, '', 'line 2 has them all: set csv: { skipLines: 1 } in the mapping'],
    [ROWS, 'csv: { delimiter: "," }\n', 'line 1 has them all: set csv: { delimiter: ";" } in the mapping'],
    [`#\n${ROWS.replaceAll(';', '|')}`, '', 'line 2 has them all: set csv: { skipLines: 1, delimiter: "|" } in the mapping'],
    [ROWS.replaceAll(';', '\t'), 'csv: { delimiter: ";" }\n', 'line 1 has them all: set csv: { delimiter: tab } in the mapping']
  ]
  for (const [table, more, remedy] of tables) {
    t.equal(faultsAs(csv(more), table)[0]?.split(': ').slice(1).join(': '), `${LACKS}; ${remedy}`)
    const rules = /csv: \{ .* \}/.exec(remedy)?.[0] ?? ''
    t.same(readAs(csv(rules), table).records, [['m', AT, { Ua: '1' }]], rules)
  }
})

t.test('a name with an accent is the same however the accent is written', async t => {
  const read = readAs({ dialect: 'csv', mapping: 'deviceType: 1\nfields: {deviceId: Zähler, recordTime: Zeit}\npoints: {"Stro\\u0308m": I}\nignore: [Prüfer]\n'.normalize('NFC') },
    `Zähler;Zeit;Ström;Prüfer;Höhe\nm;${AT};1;x;2\n`.normalize('NFD'))
  t.same(read.records, [['m', AT, { I: '1', ['Höhe'.normalize('NFD')]: '2' }]])
})
