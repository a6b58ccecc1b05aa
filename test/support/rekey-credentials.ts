import { systemClock } from '../../src/clock.js'
import { rekey } from '../../src/commands/credential-keys.js'

// `credentials rekey` alone, for tests that end it at each of its steps.
const [dataDir = '', keyFile = '', newKeyFile = ''] = process.argv.slice(2)
const refuse = (): never => { throw new Error('a rekey needs nothing of this') }
rekey({
  readSettings: () => ({ dataDir, credentials: { file: undefined, masterKeyFile: keyFile }, allowHttp: false }),
  environment: {},
  clock: systemClock,
  openRegistry: refuse,
  testCredential: refuse,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr
}, newKeyFile, { json: true })
