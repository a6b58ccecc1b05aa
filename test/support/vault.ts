import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { CredentialSpec } from '../../src/credentials/credential-spec.js'
import { openVault, type CredentialVault, type VaultParts } from '../../src/credentials/credential-vault.js'
import { createMasterKey, readMasterKey } from '../../src/credentials/master-key.js'
import { ManualClock } from './manual-clock.js'

export interface VaultPlace {
  /** Holds the keys; `dataDir` lies in it. */
  readonly folder: string
  readonly dataDir: string
  readonly keyFile: string
  readonly open: (more?: Partial<VaultParts>) => CredentialVault
}

/** A data directory with a master key beside it, gone with the test. */
export function makeVaultPlace (t: Test): VaultPlace {
  const folder = mkdtempSync(join(tmpdir(), 'proxy-vault-'))
  t.teardown(() => { rmSync(folder, { recursive: true, force: true }) })
  const dataDir = join(folder, 'data')
  const keyFile = join(folder, 'master.key')
  createMasterKey(keyFile, dataDir)
  return {
    folder,
    dataDir,
    keyFile,
    open: more => openVault({ dataDir, clock: new ManualClock(), allowHttp: false, masterKey: () => readMasterKey(keyFile, dataDir), ...more })
  }
}

export const keyPairOf = (tail: string): CredentialSpec => ({ kind: 'access-key', accessKeyId: `LTAI5tVaultTest${tail}`, accessKeySecret: `secret-of-the-vault-${tail}` })
