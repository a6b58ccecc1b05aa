import t from 'tap'
import { EndSwitch } from '../../src/end-signal.js'

t.test('everybody who listens is told once, and nobody who has stopped listening', async t => {
  const told: string[] = []
  const end = new EndSwitch()
  const [first, second, third] = ['first', 'second', 'third'].map(name => () => { told.push(name) })
  for (const listener of [first, second, third]) if (listener !== undefined) end.addEventListener('abort', listener)
  end.removeEventListener('abort', second ?? (() => {}))
  end.removeEventListener('abort', () => {})
  t.equal(end.aborted, false)
  end.end()
  end.end()
  t.same(told, ['first', 'third'])
  t.equal(end.aborted, true)
  end.addEventListener('abort', () => { told.push('late') })
  end.end()
  t.same(told, ['first', 'third'], 'whoever comes late looks at aborted')
})

t.test('a listener may stop another one, or itself, while all are told', async t => {
  const told: string[] = []
  const end = new EndSwitch()
  const one = (): void => { told.push('one'); end.removeEventListener('abort', one) }
  end.addEventListener('abort', one)
  end.addEventListener('abort', () => { told.push('two') })
  end.end()
  t.same(told, ['one', 'two'])
})
