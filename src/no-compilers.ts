import type { FastifyServerOptions } from 'fastify'

type SchemaController = NonNullable<FastifyServerOptions['schemaController']>
type ValidatorFactory = NonNullable<NonNullable<SchemaController['compilersFactory']>['buildValidator']>

/**
 * The contract's check reads the bytes itself, and what is sent is made here: schemas stand for the document, the types and the reader.
 * Given as factories, and not by `setValidatorCompiler()`: by then Fastify has loaded Ajv and its own serializer, a twentieth of the start.
 */
export const NO_COMPILERS: SchemaController = {
  compilersFactory: {
    // The type asks for functions as Ajv makes them; Fastify calls them and nothing more.
    buildValidator: (() => () => () => true) as unknown as ValidatorFactory,
    buildSerializer: () => () => JSON.stringify
  }
}
