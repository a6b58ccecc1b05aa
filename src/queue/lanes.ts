import { Delays } from './delays.js'
import type { PendingCall } from './pending-call.js'
import type { TurnLine } from './turn-line.js'

/** Which pushes wait in one line: those of one plant and device type; with `live`, new ones beside the backlog. */
export interface LaneName {
  readonly plant: string
  readonly deviceType: string
  readonly live: boolean
}

/** What is known in memory of a lane in which something waits, or is about to. Bodies stay on disk. */
export class ActiveLane implements LaneName {
  readonly plant: string
  readonly deviceType: string
  readonly live: boolean
  /** The number of the lane on disk; undefined until its first push is there. */
  id: number | undefined
  /** There may be something to read. */
  hasMore = false
  /** How often something came in; what is read before says nothing about it. */
  arrivals = 0
  /** The newest push that was taken in; 0: none yet. */
  newestId = 0
  /** Pushes that are being written. */
  appending = 0
  /** Pushes on disk about which something is still to be noted before they may be read. */
  locks = 0
  /** A call of it is being made or recorded: there is never a second. */
  isInTurn = false
  /** How long it is to wait after the turn that it is in. */
  holdForMs: number | undefined
  /** Ends its wait at once; undefined while it does not wait. */
  endHold: (() => void) | undefined
  /** Where it stands in line for a turn. */
  line: TurnLine | undefined
  pending: PendingCall | undefined
  /** What its plant's limit holds back. */
  readonly delays = new Delays()
  /** Failures in a row while other calls of the account were delivered. */
  setbacks = 0
  /** When the first of them was, by the monotonic clock. */
  failingSinceMs: number | undefined
  /** How many calls of the account had been delivered at the last failure. */
  deliveriesAtFailure: number | undefined
  /** Device records of a push, on the average of the last call: no more is read than will fit the next. */
  recordsPerPush = 1
  /** Fewer pushes are read at once where the last call took few of those that were read: records of one device and time never travel together. */
  readAheadMax = Infinity

  constructor ({ plant, deviceType, live }: LaneName) {
    this.plant = plant
    this.deviceType = deviceType
    this.live = live
  }

  get isReady (): boolean {
    return this.hasMore && !this.isInTurn && this.endHold === undefined && this.locks === 0
  }

  /** Something of it waits or is in flight. */
  get isBusy (): boolean {
    return this.hasMore || this.isInTurn || this.appending > 0 || this.locks > 0
  }

  /** What names it in alarms. */
  get cause (): string {
    return `lane ${this.plant} ${this.deviceType}${this.live ? ' live' : ''}`
  }

  /** Its head moved on. */
  recover (): void {
    this.setbacks = 0
    this.failingSinceMs = undefined
    this.deliveriesAtFailure = undefined
  }
}

/** The lanes in memory. A lane that is idle is forgotten: device types are texts of the senders, and there may be many. */
export class ActiveLanes {
  readonly #byPlant = new Map<string, PlantLanes>()

  /** The lane of that name; it is made when it is not there. Nearly every push of a plant that stores comes by here. */
  open (name: LaneName): ActiveLane {
    const known = this.#byPlant.get(name.plant)?.of(name)
    return known ?? this.#add(new ActiveLane(name))
  }

  /** Whether anything of the plant waits or is in flight; with `live`, of such lanes alone, or of the others. */
  isBusy (plant: string, { live }: { live?: boolean } = {}): boolean {
    for (const lane of this.#byPlant.get(plant)?.all() ?? []) {
      if (lane.isBusy && (live === undefined || lane.live === live)) return true
    }
    return false
  }

  forgetIdle (lane: ActiveLane): void {
    if (lane.isBusy || lane.endHold !== undefined) return
    const lanes = this.#byPlant.get(lane.plant)
    if (lanes?.of(lane) !== lane) return
    lanes.delete(lane)
    if (lanes.isEmpty) this.#byPlant.delete(lane.plant)
  }

  * all (): Iterable<ActiveLane> {
    for (const lanes of this.#byPlant.values()) yield * lanes.all()
  }

  #add (lane: ActiveLane): ActiveLane {
    const lanes = this.#byPlant.get(lane.plant) ?? new PlantLanes()
    this.#byPlant.set(lane.plant, lanes)
    lanes.add(lane)
    return lane
  }
}

/** By device type. */
class PlantLanes {
  readonly #backlog = new Map<string, ActiveLane>()
  readonly #live = new Map<string, ActiveLane>()

  get isEmpty (): boolean { return this.#backlog.size === 0 && this.#live.size === 0 }

  of ({ deviceType, live }: LaneName): ActiveLane | undefined {
    return (live ? this.#live : this.#backlog).get(deviceType)
  }

  add (lane: ActiveLane): void {
    (lane.live ? this.#live : this.#backlog).set(lane.deviceType, lane)
  }

  delete (lane: ActiveLane): void {
    (lane.live ? this.#live : this.#backlog).delete(lane.deviceType)
  }

  * all (): Iterable<ActiveLane> {
    yield * this.#backlog.values()
    yield * this.#live.values()
  }
}
