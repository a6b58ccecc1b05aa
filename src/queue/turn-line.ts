import type { ActiveLane } from './lanes.js'

/** Whose turn it is: plants one after the other, and of each plant one lane after the other, however much waits in any of them. */
export class TurnLine {
  /** In the order of their turns, for a Map keeps the order of insertion. */
  readonly #byPlant = new Map<string, ActiveLane[]>()

  get isEmpty (): boolean {
    return this.#byPlant.size === 0
  }

  add (lane: ActiveLane): void {
    if (lane.isInLine) return
    lane.isInLine = true
    const lanes = this.#byPlant.get(lane.plant)
    if (lanes === undefined) this.#byPlant.set(lane.plant, [lane])
    else lanes.push(lane)
  }

  /** The next lane that is ready. Lanes that are not any more lose their place; whoever frees them adds them again. */
  take (): ActiveLane | undefined {
    for (;;) {
      const next = this.#byPlant.entries().next()
      if (next.done === true) return undefined
      const [plant, lanes] = next.value
      const lane = lanes.shift()
      // Deleted first, so that the plant moves to the end.
      this.#byPlant.delete(plant)
      if (lanes.length > 0) this.#byPlant.set(plant, lanes)
      if (lane === undefined) continue
      lane.isInLine = false
      if (lane.isReady) return lane
    }
  }
}
