/** What is used of an AbortSignal here; a real one will do. */
export interface EndSignal {
  readonly aborted: boolean
  addEventListener (type: 'abort', listener: () => void): void
  removeEventListener (type: 'abort', listener: () => void): void
}

/**
 * Says once that something is to end. An AbortController with a listener takes 2 us and leaves an event target, a signal and an
 * exception to the garbage collector; every push needs two of them, and hardly any is ever aborted.
 */
export class EndSwitch implements EndSignal {
  #listeners: Array<() => void> | undefined
  #aborted = false

  get aborted (): boolean {
    return this.#aborted
  }

  /** Tells everybody, each once; whoever listens later has to look at `aborted`. */
  end (): void {
    this.#aborted = true
    const listeners = this.#listeners ?? []
    this.#listeners = undefined
    for (const listener of listeners) listener()
  }

  addEventListener (_type: 'abort', listener: () => void): void {
    if (this.#aborted) return
    if (this.#listeners === undefined) this.#listeners = [listener]
    else this.#listeners.push(listener)
  }

  removeEventListener (_type: 'abort', listener: () => void): void {
    const place = this.#listeners?.indexOf(listener) ?? -1
    if (place >= 0) this.#listeners?.splice(place, 1)
  }
}
