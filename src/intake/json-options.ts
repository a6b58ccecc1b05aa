export interface ReadJsonOptions {
  /** How many arrays and objects may lie in one another; 32 unless told, never more than 1000. */
  readonly depthMax?: number
  /** How many names one object may hold, and how many arrays and objects there may be in all; unbounded unless told. */
  readonly namesMax?: number
  readonly containersMax?: number
  /** Whether the bare words NaN, Infinity and -Infinity, which are no JSON, are read as null; refused unless told. */
  readonly nanAsNull?: boolean
}
