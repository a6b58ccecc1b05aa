/** @throws {Error} naming the first text that holds a secret, a key or a piece of a body. */
export function refuseLeaks (texts: readonly string[], secrets: readonly string[]): void {
  for (const text of texts) {
    for (const secret of secrets) {
      if (text.includes(secret)) throw new Error(`a log line holds what it must not: ${text}`)
    }
  }
}

const FULL_KEY = /ee_[0-9a-z]{8}_[0-9a-z]{30}/

export interface Spoken {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly stdout: string
  readonly stderr: string
}

/**
 * Every test that runs a command is also a test of its silence: no secret of its settings, no whole key, and on standard error no
 * piece of the suite's push. Only the commands that make a key show it, on standard output.
 * @throws {Error} with what it said
 */
export function refuseLeaksOf ({ args, env, stdout, stderr }: Spoken): void {
  const secrets = Object.entries(env).filter(([name, value]) => /SECRET|TOKEN|PASSWORD/.test(name) && value.length > 0).map(([, value]) => value)
  const makesKey = args[0] === 'demo' || (args[0] === 'keys' && (args[1] === 'create' || args[1] === 'rotate'))
  const key = FULL_KEY.exec(makesKey ? stderr : stdout + stderr)?.[0]
  refuseLeaks([stderr], [...secrets, 'meter-in-no-log', ...(key === undefined ? [] : [key])])
  refuseLeaks([stdout], [...secrets, ...(key === undefined ? [] : [key])])
}
