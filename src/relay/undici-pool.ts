import type { Client, Dispatcher, Pool } from 'undici'
import { undiciPackage } from '../undici-package.js'
import type { CloudDispatchOptions, CloudDispatcher, Connection } from './pool.js'

/** A pool of undici's that tells each request of its connection. */
export function openUndiciPool (origin: string, options: Pool.Options): CloudDispatcher {
  const { Client, Pool } = undiciPackage()

  class CountingClient extends Client implements Connection {
    #begun = 0

    constructor (origin: URL, options: Client.Options) {
      super(origin, options)
      this.on('connect', () => { this.#begun = 0 })
    }

    override dispatch (options: CloudDispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
      options.onConnection?.(this)
      return super.dispatch(options, handler)
    }

    begin (): boolean {
      this.#begun += 1
      return this.#begun > 1
    }
  }

  return new Pool(origin, { ...options, factory: (origin, options) => new CountingClient(origin, options) })
}
