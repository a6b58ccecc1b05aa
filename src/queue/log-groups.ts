import type { NumberedWrite } from './log-messages.js'
import type { ParkedPart } from './queue-log.js'

const REQUESTS_MAX = 1024
const BYTES_MAX = 4_194_304

/** Cuts what waits into transactions: one is the rule, more keep the log so short that the ballast is enough to copy it into the file. */
export function groupWrites (writes: readonly NumberedWrite[]): NumberedWrite[][] {
  const groups: NumberedWrite[][] = []
  let group: NumberedWrite[] = []
  let bytes = 0
  for (const write of writes) {
    const size = sizeOf(write)
    if (group.length > 0 && (group.length >= REQUESTS_MAX || bytes + size > BYTES_MAX)) {
      groups.push(group)
      group = []
      bytes = 0
    }
    group.push(write)
    bytes += size
  }
  if (group.length > 0) groups.push(group)
  return groups
}

function sizeOf ({ request }: NumberedWrite): number {
  if (request.kind === 'append') return request.entry.body.byteLength + sizeOfParts(request.entry.parked ?? [])
  return request.kind === 'park' ? sizeOfParts(request.push.parts) : 0
}

function sizeOfParts (parts: readonly ParkedPart[]): number {
  return parts.reduce((sum, { body }) => sum + body.byteLength, 0)
}
