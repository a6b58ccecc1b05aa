import type { FaultName, FaultOptions } from './faults.js'
import type { ReceivedPush } from './received.js'

export type { FaultName, FaultOptions, ReceivedPush }

/** A RAM identity that the sandbox knows. */
export interface SandboxAccount {
  readonly accessKeyId: string
  readonly accessKeySecret: string
  /** With it the account is an STS session: every request must carry and sign this token. */
  readonly securityToken?: string | undefined
  /** Every verified push of this account is refused with this code, e.g. `Forbidden.RAM`. */
  readonly refusedWith?: string | undefined
}

export interface SandboxOptions {
  /** The address to listen at, default `127.0.0.1`. */
  readonly host?: string | undefined
  /** Default 0: chosen by the system. */
  readonly port?: number | undefined
  readonly accounts: readonly SandboxAccount[]
  /** The Host names it answers for; default: its own host and port, and Energy Expert's public hosts. */
  readonly signedHosts?: readonly string[] | undefined
  /** Its clock in milliseconds since the epoch, default the machine's. */
  readonly now?: (() => number) | undefined
  /** How many pushes it remembers, default 1000. The oldest go first. */
  readonly receivedMax?: number | undefined
  readonly onReceived?: ((push: ReceivedPush) => void) | undefined
  /** PEM; with it the sandbox speaks https alone. */
  readonly tls?: { readonly cert: string, readonly key: string } | undefined
}

export interface Sandbox {
  /** `http://127.0.0.1:PORT`, or `https://…`. */
  readonly origin: string
  readonly port: number
  /** Pushes that arrived, oldest first. */
  received (): readonly ReceivedPush[]
  /** How many requests came to the push path, verified or not. */
  attempts (): number
  /** Faults with `times` happen one after another; one without stays until `heal` or the next `inject`. */
  inject (fault: FaultName, options?: FaultOptions): void
  heal (): void
  /** Destroys what is open; resolves when the port is free. */
  close (): Promise<void>
}

/** Starts the stand-in for Energy Expert. Rejects with the system's error when the address cannot be had. */
export async function startSandbox (options: SandboxOptions): Promise<Sandbox> {
  throw new Error(`A sandbox for ${options.accounts.length} accounts is not built yet.`)
}
