import { systemClock } from '../../src/clock.js'
import { openVault } from '../../src/credentials/credential-vault.js'
import { readMasterKey } from '../../src/credentials/master-key.js'

// A process that adds credentials as fast as it can and writes a line for each: `added NAME`, or `refused NAME`.
const [dataDir = '', keyFile = '', prefix = '', count = '1'] = process.argv.slice(2)
const vault = openVault({ dataDir, clock: systemClock, allowHttp: false, masterKey: () => readMasterKey(keyFile, dataDir) })
for (const name of ['shared', ...Array.from({ length: Number(count) }, (_, n) => `${prefix}-${n}`)]) {
  try {
    vault.add(name, { kind: 'access-key', accessKeyId: `LTAI5t${prefix}0123456789`, accessKeySecret: `secret-of-${prefix}-${name}` })
    process.stdout.write(`added ${name}\n`)
  } catch {
    process.stdout.write(`refused ${name}\n`)
  }
}
vault.close()
