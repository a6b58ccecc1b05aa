import { copyDatabase } from './copy-database.js'
import { Database } from './database.js'
import { migrate } from './migrations.js'

export interface StoreFileParts {
  readonly dataDir: string
  readonly fileName: string
  /** One text a schema version. */
  readonly schemaSteps: readonly string[]
}

/** A database file of its own in DATA_DIR, at its newest schema. Throws StoreError. */
export class StoreFile {
  protected readonly database: Database

  constructor ({ dataDir, fileName, schemaSteps }: StoreFileParts) {
    this.database = new Database({ dataDir, fileName })
    try {
      migrate(this.database, schemaSteps)
    } catch (error) {
      this.database.close()
      throw error
    }
  }

  get path (): string {
    return this.database.path
  }

  /** See Database.transaction. */
  transaction<T> (work: () => T): T {
    return this.database.transaction(work)
  }

  /** See Database.changed. */
  changed (): boolean {
    return this.database.changed()
  }

  /** See copyDatabase. */
  copyTo (path: string): { bytes: number } {
    return copyDatabase(path, target => { this.database.run('VACUUM INTO ?', [target]) })
  }

  close (): void {
    this.database.close()
  }
}
