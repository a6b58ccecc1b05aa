import { trustIn } from '../../src/trusted-certificates.js'
import { createWayOut, type WayOut } from '../../src/way-out/way-out.js'

/** Directly, trusting certificates besides the built-in ones. */
export function trusting (pem: string): WayOut {
  const context = trustIn(pem)
  return createWayOut({ trusted: () => context })
}
