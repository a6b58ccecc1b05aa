import { systemClock } from '../clock.js'
import { readConfig } from '../config.js'
import type { Caller } from './caller.js'
import type { CredentialCommandParts } from './with-credentials.js'
import type { RegistryCommandParts } from './with-registry.js'

/** What the credentials' commands need of this process, and of who runs them. */
export function credentialParts (parts: RegistryCommandParts, caller: Caller): CredentialCommandParts {
  return {
    ...parts,
    readSettings: () => readConfig(process.env),
    environment: process.env,
    clock: systemClock,
    // Opened only by who reads it.
    get stdin () { return caller.stdin },
    testCredential: async spec => {
      // Loaded only now: the other commands would wait for packages that they do not use.
      const { testCredential } = await import('../credentials/test-credential.js')
      const { readWayOut } = await import('../open-way-out.js')
      const { allowHttp, wayOut } = readConfig(process.env)
      return await testCredential(spec, { clock: systemClock, allowHttp, wayOut: await readWayOut(wayOut) })
    }
  }
}
