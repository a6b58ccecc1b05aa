import type { Command } from 'commander'
import t from 'tap'
import { buildProgram } from '../../src/commands/program.js'
import { makeWorkplace } from '../support/run-command.js'
import { runHere } from '../support/run-here.js'

const allOf = (command: Command): Command[] => [command, ...command.commands.flatMap(allOf)]

t.test('every command of the interface is there and explains itself', async t => {
  const program = await buildProgram(process)
  t.strictSame(program.commands.map(command => command.name()), ['serve', 'demo', 'sandbox', 'plants', 'keys', 'credentials', 'ram-policy', 'queue', 'catalog', 'doctor', 'explain'])
  for (const command of allOf(program)) {
    const help = command.helpInformation()
    t.match(help, /^Usage: energy-expert-proxy/, command.name())
    t.ok(command.description().length > 10, `${command.name()} says what it does`)
    t.ok(command.options.every(({ description }) => description.length > 5), `${command.name()} says what its options do`)
  }
  t.end()
})

for (const wrong of [['nonsense'], ['serve', 'now'], ['plants', 'add'], ['explain', 'x'], ['doctor', 'x'], ['doctor', '--plant'], ['explain', '--plant', 'north'], ['queue', 'show'], ['queue', 'nonsense'], ['credentials', 'add'], ['credentials', 'add', 'north'], ['credentials', 'rekey'], ['ram-policy', 'x'], ['keys', 'create'], ['plants', 'add', 'a', '--delivery', 'maybe'], ['sandbox', '--port', 'x']]) {
  t.test(`wrong use exits 2, with a sentence on standard error: ${wrong.join(' ')}`, async t => {
    t.match(await runHere(wrong, makeWorkplace(t)), { code: 2, stdout: '', stderr: /^.{10,}\n/ })
  })
}
