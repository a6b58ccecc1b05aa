import type { TSchema } from '@sinclair/typebox'

/** What a technician reads when a value breaks its schema. Each follows the place, as in `/devices/0/data/Ua must be …`. */
export interface FaultSentences {
  /** The value has another type; `found` is what stands there: "null", "an array", "a number". */
  readonly wrongType: (found: string) => string
  readonly missing?: string
  /** The value breaks the schema's pattern. */
  readonly malformed?: string
  /** The value holds less than the schema's minimum, which is one everywhere. */
  readonly empty?: string
  /** What the schema's maximum counts, in the plural: "characters". */
  readonly counted?: string
}

// A symbol, so that the sentences stand beside their schema and yet never reach the OpenAPI document made from it.
const SENTENCES = Symbol('fault sentences')

/** Puts the sentences beside the schema; the schema stays what it was. */
export function explained<Schema extends TSchema> (schema: Schema, sentences: FaultSentences): Schema {
  return Object.assign(schema, { [SENTENCES]: sentences })
}

/** The sentences that stand beside a schema, if any do. */
export function sentencesOf (schema: TSchema): FaultSentences | undefined {
  // TSchema types its symbols away; only explained() writes under this one.
  return (schema as { [SENTENCES]?: FaultSentences })[SENTENCES]
}
