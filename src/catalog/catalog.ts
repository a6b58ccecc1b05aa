/** Whether Energy Expert needs a point: without a required one its feature does not work, without a recommended one some suffer. */
export type Need = 'required' | 'recommended' | 'optional'

/** One row of an operator's list. */
export interface CatalogPoint {
  readonly type: string
  /** The point's code, compared as the exact string. */
  readonly point: string
  /** What people call it. */
  readonly name: string
  readonly unit: string
  readonly need: Need
}

/** The points of one device type. */
export interface CatalogType {
  readonly points: ReadonlyMap<string, CatalogPoint>
  readonly required: readonly string[]
  readonly recommended: readonly string[]
}

class PointsOfType implements CatalogType {
  readonly points = new Map<string, CatalogPoint>()
  readonly required: string[] = []
  readonly recommended: string[] = []

  add (point: CatalogPoint): void {
    this.points.set(point.point, point)
    if (point.need === 'required') this.required.push(point.point)
    if (point.need === 'recommended') this.recommended.push(point.point)
  }
}

/** The operator's own list of device types and points, made from Alibaba Cloud's appendix. */
export class Catalog {
  readonly #types = new Map<string, PointsOfType>()
  readonly pointCount: number

  /** @param points No two of the same type and code. */
  constructor (points: readonly CatalogPoint[]) {
    this.pointCount = points.length
    for (const point of points) {
      const type = this.#types.get(point.type) ?? new PointsOfType()
      this.#types.set(point.type, type)
      type.add(point)
    }
  }

  get types (): readonly string[] {
    return [...this.#types.keys()]
  }

  /** Undefined: the list does not have the type. The set of types is open, so that is no fault of a push. */
  typeOf (deviceType: string): CatalogType | undefined {
    return this.#types.get(deviceType)
  }
}
