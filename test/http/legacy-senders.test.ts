import t from 'tap'
import { LEGACY_SENDERS } from '../support/legacy-senders.js'
import { startCloud, startProxy } from '../support/proxy.js'
import { exchange, parseAnswers } from '../support/raw-socket.js'

for (const { sender, policy = {}, request, relayed, repairs, isKept } of LEGACY_SENDERS) {
  t.test(sender, async t => {
    const cloud = await startCloud(t)
    const proxy = await startProxy(t, { cloud, policy, key: { inUrl: true } })
    const received = await exchange(proxy.port, [request(proxy.key)], text => isKept && parseAnswers(text).length > 0)
    const [answer] = parseAnswers(received)
    t.equal(answer?.statusCode, 200)
    t.match(answer?.body, /^\{"requestId":"[0-9A-F-]{36}","data":"success"\}$/, 'short, for whoever prints it to a serial port')
    t.equal(answer?.headers['content-length'], String(answer?.body.length))
    t.equal(answer?.headers['transfer-encoding'], undefined)
    t.equal(answer?.headers['upgrade'], undefined)
    t.equal(answer?.headers['x-repairs'], repairs)
    t.equal(answer?.headers['connection'] === 'close', !isKept)
    t.equal(received.startsWith('HTTP/1.1 100 '), /^expect:/im.test(request('').toString('latin1')), '100-continue is answered where it is asked for')
    t.same(cloud.received().map(({ body }) => body), [relayed])
  })
}
