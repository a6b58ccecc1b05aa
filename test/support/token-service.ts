import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import { canonicalize, toPayloadHash, toSignature, toStringToSign } from '../../src/sandbox/canonical.js'
import { openServer } from '../../src/sandbox/open-server.js'
import { onlyValue, readWhole, type WholeRequest } from '../../src/sandbox/whole-request.js'

/** What the gateway's documentation allows a clock to be off. */
const WINDOW_MS = 15 * 60 * 1000

interface Account {
  readonly accessKeyId: string
  readonly accessKeySecret: string
  readonly securityToken?: string | undefined
}

/** What it does with a question. `never`: the line stays open. Codes are refusals. */
export type Manner = 'issues' | 'never' | 'hangs-up' | 'html' | 'endless' | 'expired' | 'empty' | { readonly statusCode: number, readonly code: string }

export interface TokenServiceOptions {
  /** Who may ask for a role. */
  readonly keys?: readonly Account[]
  /** The only OIDC token that it takes. */
  readonly oidcToken?: string
  /** Its clock; default the machine's. */
  readonly now?: () => number
  /** Where every session that it issues is put, such as the accounts of a sandbox. */
  readonly accounts?: Account[]
  /** How long a session from /uri lives; those of roles live as long as was asked for. */
  readonly lifeMs?: number
  readonly tls?: { readonly cert: string, readonly key: string }
}

/** A question as it came: the names and values that the service's documentation lists. */
export interface Question {
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
}

export interface TokenService {
  readonly origin: string
  readonly port: number
  /** Where a credentials URI would point to. */
  readonly uri: string
  readonly asked: Question[]
  readonly issued: Account[]
  manner: Manner
  close: () => Promise<void>
}

class Refused extends Error {
  readonly statusCode: number
  readonly code: string

  constructor (statusCode: number, code: string) {
    super(code)
    this.statusCode = statusCode
    this.code = code
  }
}

/** A stand-in for STS (AssumeRole, AssumeRoleWithOIDC) and for a credentials URI, on loopback. It checks signatures with the sandbox's own code. */
export async function startTokenService (t: Test, { keys = [], oidcToken, now = Date.now, accounts = [], lifeMs = 3_600_000, tls }: TokenServiceOptions = {}): Promise<TokenService> {
  const asked: Question[] = []
  const issued: Account[] = []

  function issue (forMs: number): object {
    const n = issued.length
    const account = { accessKeyId: `STS.IssuedByTheSuite${n}x${randomUUID().slice(0, 8)}`, accessKeySecret: `IssuedSecretOfTheSuite${n}`, securityToken: `IssuedTokenOfTheSuite${n}x${randomUUID()}` }
    issued.push(account)
    accounts.push(account)
    const endsAtMs = service.manner === 'expired' ? now() - 1000 : now() + forMs
    return { AccessKeyId: account.accessKeyId, AccessKeySecret: account.accessKeySecret, SecurityToken: account.securityToken, Expiration: `${new Date(endsAtMs).toISOString().slice(0, 19)}Z` }
  }

  function answer (request: WholeRequest): object {
    if (request.path === '/uri') {
      asked.push({ action: 'uri', fields: {} })
      return service.manner === 'empty' ? { Code: 'Success' } : { Code: 'Success', ...issue(lifeMs) }
    }
    const query = new URLSearchParams(request.query)
    const fields = Object.fromEntries(new URLSearchParams(request.body.toString()))
    const action = onlyValue(request.headers, 'x-acs-action') ?? query.get('Action') ?? ''
    asked.push({ action, fields })
    if ((onlyValue(request.headers, 'x-acs-version') ?? query.get('Version')) !== '2015-04-01') throw new Refused(400, 'InvalidVersion')
    const date = onlyValue(request.headers, 'x-acs-date') ?? query.get('Timestamp') ?? ''
    if (!(Math.abs(Date.parse(date) - now()) <= WINDOW_MS)) throw new Refused(400, 'InvalidTimeStamp.Expired')
    if (action === 'AssumeRole') checkSignature(request, keys)
    else if (action !== 'AssumeRoleWithOIDC') throw new Refused(404, 'InvalidAction.NotFound')
    else if (oidcToken === undefined || fields['OIDCToken'] !== oidcToken) throw new Refused(400, 'AuthenticationFail.OIDCToken.Invalid')
    return { RequestId: randomUUID(), AssumedRoleUser: { Arn: `${fields['RoleArn']}/${fields['RoleSessionName']}` }, ...(service.manner === 'empty' ? undefined : { Credentials: issue(Number(fields['DurationSeconds']) * 1000) }) }
  }

  const { port, close } = await openServer({ host: '127.0.0.1', port: 0, tls }, (incoming, response) => {
    const send = (statusCode: number, type: string, text: string): void => { response.writeHead(statusCode, { 'content-type': type, connection: 'close' }).end(text) }
    const respond = async (): Promise<void> => {
      const request = await readWhole(incoming)
      const { manner } = service
      if (typeof manner === 'object') throw new Refused(manner.statusCode, manner.code)
      const body = JSON.stringify(answer(request))
      if (manner === 'hangs-up') response.destroy()
      else if (manner === 'html') send(200, 'text/html', '<html>log in first</html>')
      else if (manner === 'endless') send(200, 'application/json', body + ' '.repeat(200_000))
      else if (manner !== 'never') send(200, 'application/json', body)
    }
    respond().catch((error: unknown) => {
      const { statusCode, code } = error instanceof Refused ? error : new Refused(500, `Broken: ${String(error)}`)
      send(statusCode, 'application/json', JSON.stringify({ RequestId: randomUUID(), HostId: 'sts', Code: code, Message: 'in words that hold a secret' }))
    })
  })
  const origin = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
  const service: TokenService = { origin, port, uri: `${origin}/uri`, asked, issued, manner: 'issues', close }
  t.teardown(close)
  return service
}

function checkSignature (request: WholeRequest, keys: readonly Account[]): void {
  const [, accessKeyId, signedHeaders = '', signature] = /^ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=(\w+)$/.exec(onlyValue(request.headers, 'authorization') ?? '') ?? []
  const account = keys.find(known => known.accessKeyId === accessKeyId)
  if (account === undefined) throw new Refused(404, 'InvalidAccessKeyId.NotFound')
  if (onlyValue(request.headers, 'x-acs-security-token') !== account.securityToken) throw new Refused(400, 'InvalidSecurityToken.Malformed')
  const mustBeSigned = [...request.headers.keys()].filter(name => name === 'host' || name === 'content-type' || name.startsWith('x-acs-')).sort()
  const canonical = canonicalize(request, signedHeaders.split(';'), toPayloadHash(request.body))
  const isTrue = signature === toSignature(toStringToSign(canonical), account.accessKeySecret)
  if (!isTrue || signedHeaders !== mustBeSigned.join(';')) throw new Refused(400, 'SignatureDoesNotMatch')
}
