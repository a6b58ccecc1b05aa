import t from 'tap'
import { mappingOf, mappingPairFault, mappingSlip, mappingTextFault } from '../../src/mapping/mapping-faults.js'
import type { DialectName } from '../../src/mapping/mapping.js'
import { changePolicy, readPolicy } from '../../src/plants/read-policy.js'

const TYPE = 'deviceType: 1\n'

const SLIPS: ReadonlyArray<readonly [DialectName, text: string, slip: RegExp]> = [
  ['kepware', 'tags: ["{device}.{point}"]', /^--mapping would not work with --dialect kepware: line 1, deviceType: is missing: .* such as deviceType: "1"\.$/],
  ['kepware', `${TYPE}tags: ["Channel1.{Device}.{point}"]`, /: line 2, tags: has Channel1\.\{Device\}\.\{point\}, where nothing uses \{Device\}; did you mean \{device\}\?$/],
  ['csv', `${TYPE}tags: ["{devices}_{point}"]`, /did you mean \{device\}\?$/],
  ['kepware', `${TYPE}tags: ["Channel1.*.{device}.{point}"]`, /line 2, tags: has Channel1\.\*\.\{device\}\.\{point\}: \* is no placeholder; write \{any\}, which stands for one part of a tag\.$/],
  ['kepware', `${TYPE}tags: ["{device}.{point}"]\nignore: ["_System.*"]`, /line 3, ignore: has _System\.\*: \* is no placeholder/],
  ['flat', `${TYPE}separator: /\nignore: ["{any}/*"]`, /line 3, ignore: has \{any\}\/\*: \* is no placeholder/]
]

const MEANT: ReadonlyArray<readonly [DialectName, text: string]> = [
  ['kepware', 'tags: [{tag: "{device}.{point}", deviceType: 2}]'],
  ['kepware', 'tags: ["{device}.{point}"]\ndevices: {M7: {deviceType: 2}}'],
  ['kepware', `${TYPE}deviceId: main\ntags: ["{Device}.{point}"]`],
  ['kepware', `${TYPE}tags: [{tag: "{Device}.{point}", device: "m-{Device}"}, {tag: "{any}.{Device}.kWh", point: "{Device}", device: x}]`],
  ['csv', `${TYPE}ignore: ["Power*", "{any}*"]`],
  ['energy-expert', 'tags: ["{Device}.{point}", "*.{point}"]']
]

t.test('a mapping that could never work is refused when it is set, and says what is meant', async t => {
  for (const [dialect, text, slip] of SLIPS) {
    t.equal(mappingTextFault(text) ?? mappingPairFault(dialect, text), undefined, text)
    t.match(String(mappingSlip(dialect, text)), slip)
    t.throws(() => changePolicy({}, { dialect, mapping: text }), { message: slip })
    t.throws(() => changePolicy({ mapping: text }, { dialect }), { message: slip })
  }
  for (const [dialect, text] of MEANT) {
    t.equal(mappingTextFault(text), undefined, text)
    t.equal(mappingSlip(dialect, text), undefined, text)
  }
})

t.test('what is stored already goes on as it did, and its other policies can be changed', async t => {
  for (const [dialect, mapping] of SLIPS) {
    t.same(readPolicy(JSON.stringify({ dialect, mapping })).faults, [])
    t.same(changePolicy({ dialect, mapping }, { delivery: 'store' }), { dialect, mapping, delivery: 'store' })
  }
  t.equal(mappingOf(SLIPS[3]?.[1]).tagPatterns.length, 1)
})
