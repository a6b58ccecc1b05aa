import type { ActiveLane } from './lanes.js'

/** Whose turn it is: plants one after the other, and of each plant one lane after the other, however much waits in any of them. */
export class TurnLine {
  /** In the order of their turns, for a Map keeps the order of insertion. */
  readonly #byPlant = new Map<string, ActiveLane[]>()

  get isEmpty (): boolean {
    return this.#byPlant.size === 0
  }

  /** One that stands in another line, because its plant had another account, leaves that. */
  add (lane: ActiveLane): void {
    if (lane.line === this) return
    lane.line?.remove(lane)
    lane.line = this
    const lanes = this.#byPlant.get(lane.plant)
    if (lanes === undefined) this.#byPlant.set(lane.plant, [lane])
    else lanes.push(lane)
  }

  remove (lane: ActiveLane): void {
    const lanes = this.#byPlant.get(lane.plant)?.filter(other => other !== lane) ?? []
    if (lanes.length > 0) this.#byPlant.set(lane.plant, lanes)
    else this.#byPlant.delete(lane.plant)
    lane.line = undefined
  }

  /** Every lane, none of which stands in line any more. */
  takeAll (): ActiveLane[] {
    const lanes = [...this.#byPlant.values()].flat()
    this.#byPlant.clear()
    for (const lane of lanes) lane.line = undefined
    return lanes
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
      lane.line = undefined
      if (lane.isReady) return lane
    }
  }
}
