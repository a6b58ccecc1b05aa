import t from 'tap'
import { createLogger } from '../../src/logger.js'
import { registerSecret } from '../../src/redact.js'

t.test('neither a text nor an error carries a secret or a key into the log', async t => {
  const secret = 'SecretOfTheLoggerTest'
  const key = 'ee_k7f3_q8ZtYw2mXv5nRb4cLd9e'
  registerSecret(secret)
  let log = ''
  const logger = createLogger({ level: 'info', format: 'json', destination: { write: line => { log += line } } })
  logger.info(`text ${secret} ${key}`)
  for (const name of ['error', 'err']) logger.info({ [name]: new Error(`thrown ${secret} ${key}`) }, 'failed')
  t.match(log, /text \*\*\* ee_k7f3_\*\*\*/)
  t.equal(log.match(/"message":"thrown \*\*\* ee_k7f3_\*\*\*"/g)?.length, 2)
  t.notOk(log.includes(secret) || log.includes(key))
})
