import { readFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import { CatalogError } from './catalog/catalog-error.js'
import type { Catalog } from './catalog/catalog.js'
import { readCatalog } from './catalog/read-catalog.js'
import type { Clock } from './clock.js'
import { lookAgain } from './look-again.js'

export interface FollowedCatalog {
  /** The list in use; undefined without CATALOG_FILE. */
  readonly current: () => Catalog | undefined
  close (): void
}

export interface FollowCatalogParts {
  readonly file: string | undefined
  readonly clock: Clock
  readonly logger: Logger
}

/** Eight megabytes are no small thing to read, and a list is no matter of seconds. */
const POLL_MS = 10_000

/** The start must not happen: the message is one sentence that says what to do. */
export class CatalogFileError extends Error {
  override readonly name = 'CatalogFileError'
}

/**
 * Reads CATALOG_FILE and keeps up with it. A bad new list changes nothing and is logged once.
 * @throws {CatalogFileError} when the first one cannot be used.
 */
export async function followCatalog ({ file, clock, logger }: FollowCatalogParts): Promise<FollowedCatalog> {
  if (file === undefined) return { current: () => undefined, close: () => {} }
  let bytes = await readBytes(file)
  let catalog = toCatalog(bytes, file)
  const stop = lookAgain({
    clock,
    everyMs: POLL_MS,
    look: async () => {
      const found = await readBytes(file)
      if (found.equals(bytes)) return
      catalog = toCatalog(found, file)
      bytes = found
      logger.info({ types: catalog.types.length, points: catalog.pointCount }, 'A new catalog is in use.')
    },
    onProblem: error => { logger.error({ error }, 'The new catalog cannot be used; the one before stays in use.') }
  })
  return {
    current: () => catalog,
    close: stop
  }
}

/** The list of CATALOG_FILE, once. @throws {CatalogFileError} */
export async function readCatalogFile (file: string | undefined): Promise<Catalog | undefined> {
  return file === undefined ? undefined : toCatalog(await readBytes(file), file)
}

async function readBytes (file: string): Promise<Buffer> {
  return await readFile(file).catch((cause: unknown) => {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    throw new CatalogFileError(`CATALOG_FILE cannot be read (${code}).`)
  })
}

function toCatalog (bytes: Buffer, file: string): Catalog {
  try {
    return readCatalog(bytes, file)
  } catch (cause) {
    if (!(cause instanceof CatalogError)) throw cause
    throw new CatalogFileError(`CATALOG_FILE cannot be used: ${cause.message} See: catalog check FILE.`)
  }
}
