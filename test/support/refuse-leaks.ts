import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** In every secret, key id and login of the suite and of its stand-ins, so that none needs to be named to be looked for. */
const OF_THE_SUITE = ['OfTheSuite', 'IssuedByTheSuite']

/** What must stand in no text, whoever's it is. */
const SHAPES: ReadonlyArray<readonly [what: string, shape: RegExp]> = [
  ['a signature', /Signature=[0-9a-f]{16}/i],
  ['a string to sign', /ACS3-HMAC-SHA256(?:\n|\\+n)/],
  ['an AccessKey id beyond its last four characters', /(?:LTAI|(?<![0-9A-Za-z])(?:STS|TMP)\.)[0-9A-Za-z]{5}/],
  ['a security token', /security[-_]?token["']?\s{0,2}[:=]\s{0,2}["']?(?!\*\*\*)[^\s"',]{8}/i],
  ['a login', /\bBasic (?=[\w+/]{0,200}[\d=])[\w+/]{8}/],
  ['a login in an address', /:\/\/[^/\s"*@]{1,100}:[^/\s"*@]{1,100}@/]
]

/** @throws {Error} naming the first text that holds a secret, a key or a piece of a body. */
export function refuseLeaks (texts: readonly string[], secrets: readonly string[]): void {
  for (const text of texts) {
    for (const secret of secrets) {
      if (text.includes(secret)) throw new Error(`a log line holds what it must not: ${text}`)
    }
    refuseSecretShapes(text, 'a log line')
  }
}

/** @throws {Error} naming what a text holds of the secrets between the proxy, its way out and the cloud. */
export function refuseSecretShapes (text: string, where: string): void {
  const found = SHAPES.find(([, shape]) => shape.test(text))?.[0] ?? OF_THE_SUITE.find(part => text.includes(part))
  if (found !== undefined) throw new Error(`${where} holds ${found}: ${text.slice(0, 4000)}`)
}

const FILE_BYTES_MAX = 33_554_432

/** Of what lies on disk, and so in every export and backup of it. @throws {Error} naming the file. */
export function refuseSecretsOnDisk (dataDir: string): void {
  if (!existsSync(dataDir)) return
  for (const name of readdirSync(dataDir).filter(each => /\.db/.test(each))) {
    const file = join(dataDir, name)
    const { size } = statSync(file)
    if (size > FILE_BYTES_MAX) continue
    const bytes = readFileSync(file, 'latin1')
    const found = [...SHAPES.slice(0, 3).filter(([, shape]) => shape.test(bytes)).map(([what]) => what), ...OF_THE_SUITE.filter(part => bytes.includes(part))]
    if (found.length > 0) throw new Error(`${name} holds ${found.join(', ')}`)
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
    .concat(Object.entries(env).filter(([name]) => /^https?_proxy$/i.test(name)).flatMap(([, value]) => /:([^:@/]+)@/.exec(value)?.[1] ?? []))
  const makesKey = args[0] === 'demo' || (args[0] === 'keys' && (args[1] === 'create' || args[1] === 'rotate'))
  const key = FULL_KEY.exec(makesKey ? stderr : stdout + stderr)?.[0]
  refuseLeaks([stderr], [...secrets, 'meter-in-no-log', ...(key === undefined ? [] : [key])])
  refuseLeaks([stdout], [...secrets, ...(key === undefined ? [] : [key])])
}
