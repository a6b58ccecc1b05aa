import type { SqlValue } from './bind-values.js'
import type { Database } from './database.js'
import type { QueueBundles } from './queue-bundles.js'
import type { QueuePushes } from './queue-pushes.js'
import { failureValues, type FailureRow } from './queue-rows.js'
import { INSERT_INTO } from './queue-schema.js'

const BEGUN = 'doubtful_call = COALESCE(doubtful_call, excluded.doubtful_call)'
const FAILED = `failures = failures + 1, ${BEGUN}`

/** What failed with pushes that wait; it lies beside them, whether they have rows of their own or lie in bundles. Throws StoreError. */
export class QueueFailures {
  readonly #database: Database
  readonly #pushes: Pick<QueuePushes, 'save'>
  readonly #bundles: Pick<QueueBundles, 'idsWith'>

  constructor (database: Database, pushes: Pick<QueuePushes, 'save'>, bundles: Pick<QueueBundles, 'idsWith'>) {
    this.#database = database
    this.#pushes = pushes
    this.#bundles = bundles
  }

  note (ids: readonly number[], { atMs, inDoubt }: { atMs: number, inDoubt: boolean }): void {
    // One number for all that travelled together. What was in doubt before stays so: the earlier call may have arrived.
    this.#note(ids, { failures: 1, firstFailedAtMs: atMs, doubtfulCall: inDoubt ? Math.min(...ids) : null }, FAILED)
  }

  /** A call is about to be sent: nothing has failed yet, but a kill would leave it in doubt. Or it is known not to have arrived. */
  noteBegun (ids: readonly number[], { atMs, begun }: { atMs: number, begun: boolean }): void {
    if (begun) this.#note(ids, { failures: 0, firstFailedAtMs: atMs, doubtfulCall: Math.min(...ids) }, BEGUN)
    else for (const id of ids) this.#database.run('UPDATE failures SET doubtful_call = NULL WHERE id = ?', [id])
  }

  insert (failure: FailureRow): void {
    this.#database.run(INSERT_INTO.failures, failureValues(failure))
  }

  /** A push that waits no longer has nothing to be noted of. */
  #note (ids: readonly number[], { failures, firstFailedAtMs, doubtfulCall }: Omit<FailureRow, 'id'>, update: string): void {
    this.#pushes.save()
    const values: SqlValue[] = ['failure', failures, firstFailedAtMs, doubtfulCall]
    const bundled = new Set<number>()
    for (const id of ids) {
      if (!bundled.has(id)) {
        const { changes } = this.#database.run(`INSERT INTO failures SELECT id, ?, ?, ?, ? FROM pushes WHERE id = ? ON CONFLICT (id) DO UPDATE SET ${update}`, [...values, id])
        if (changes > 0) continue
        for (const each of this.#bundles.idsWith(id)) bundled.add(each)
      }
      if (bundled.has(id)) this.#database.run(`INSERT INTO failures VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET ${update}`, [id, ...values])
    }
  }
}
