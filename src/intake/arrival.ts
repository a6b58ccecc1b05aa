import type { Catalog } from '../catalog/catalog.js'

/** One step that a body went through, for whoever wants to see what became of it. */
export interface Step {
  readonly step: 'encoding' | 'dialect' | 'mapping' | 'values' | 'times' | 'contract' | 'catalog'
  /** A sentence that quotes no value of the body; names that are sent may stand in it. */
  readonly what: string
}

/** What is known of a body besides its bytes. */
export interface Arrival {
  /** The sender's Content-Type, as it was written. */
  readonly contentType?: string | undefined
  /** When it came, in milliseconds since the epoch, as the cloud counts them. */
  readonly nowMs: number
  /** The operator's list of types and points, for plants that are judged by it. */
  readonly catalog?: Catalog | undefined
  /** Told each step once it is done; those before a fault are told as well. */
  readonly onStep?: ((step: Step) => void) | undefined
}
