import type { BadRecordCode } from '../contract/bad-record.js'
import type { BadRecord } from './keep-good.js'

/** Bad records of one push that are kept together, because the same is wrong with them. */
export interface BadGroup {
  readonly code: BadRecordCode
  /** The faults of the first record, and how many more there are. */
  readonly message: string
  /** In the shape of a push. */
  readonly body: Buffer
  readonly recordCount: number
}

/** Whoever looks at the parked list should not find a page for each push of a sender that is set up wrong. */
const KINDS_MAX = 16
const REST = 'rest'
/** As the parked list keeps them. */
const MESSAGE_CHARACTERS_MAX = 500

/** Groups bad records by what is wrong with them; the records of all groups together are those that were given. */
export function groupBad (deviceType: string, bad: readonly BadRecord[]): BadGroup[] {
  const groups = new Map<string, BadRecord[]>()
  const timesSeen = new Map<string, number>()
  for (const record of bad) {
    const kind = kindOf(record, timesSeen)
    const name = groups.has(kind) || groups.size < KINDS_MAX ? kind : REST
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [record])
    else group.push(record)
  }
  return [...groups].map(([name, records]) => toGroup(deviceType, records, name === REST))
}

/** Records of one kind have the same faults. Of duplicates none of one kind have the same device and time: they may be sent again in one call. */
function kindOf ({ code, kind }: BadRecord, timesSeen: Map<string, number>): string {
  if (code === 'InvalidRecord') return kind
  // The fault of a duplicate names the record that it repeats.
  const times = (timesSeen.get(kind) ?? 0) + 1
  timesSeen.set(kind, times)
  return `duplicate ${times}`
}

function toGroup (deviceType: string, records: readonly BadRecord[], isRest: boolean): BadGroup {
  const [first] = records
  const faults = (first?.faults ?? []).map(({ path, message }) => `${path} ${message}`).join('; ')
  const others = records.length - 1
  const more = others === 0 ? '' : `; ${isRest ? 'with other faults' : 'the same in'} ${others} more ${others === 1 ? 'record' : 'records'}`
  return {
    // Among the rest there may be several of one device and time.
    code: isRest ? 'InvalidRecord' : first?.code ?? 'InvalidRecord',
    message: `${faults.slice(0, MESSAGE_CHARACTERS_MAX - more.length - 1).replace(/[.?]$/, '')}${more}.`,
    body: Buffer.from(`{"deviceType":${JSON.stringify(deviceType)},"devices":[${records.map(({ json }) => json).join(',')}]}`),
    recordCount: records.length
  }
}
