import type { PacedLane, ParkedEntry } from '../queue/queue-file.js'
import { isoMoment, printJson, printTable } from './print.js'
import { forTerminal, formatAge, formatDuration, reasonToJson } from './queue-texts.js'
import { withQueue, type QueueCommandParts } from './with-queue.js'

/** `queue list`: what waits, lane by lane, and what is parked, entry by entry. */
export async function listQueue (parts: QueueCommandParts, { json }: { json: boolean }): Promise<void> {
  const { stdout, stderr } = parts
  const { lanes, parked } = await withQueue(parts, file => ({ lanes: file.listLanes(), parked: file.listParked() }))
  if (json) {
    printJson(stdout, { waiting: lanes.map(laneToJson), parked: parked.map(parkedToJson) })
    return
  }
  const nowMs = parts.now()
  if (lanes.length === 0) stderr.write('Nothing waits.\n')
  else {
    stdout.write('Waiting:\n')
    printTable(stdout, ['PLANT', 'TYPE', 'LANE', 'PUSHES', 'BYTES', 'OLDEST', 'DONE IN ABOUT'], lanes.map(({ plant, deviceType, live, waiting, waitingBytes, oldestAtMs, drainsInMs }) =>
      [plant, forTerminal(deviceType), live ? 'live' : '', String(waiting), String(waitingBytes), formatAge(oldestAtMs, nowMs), formatDuration(drainsInMs)]))
    if (lanes.some(({ drainsInMs }) => drainsInMs !== undefined)) stdout.write('(at the pace of the last 10 minutes, while the proxy runs)\n')
  }
  if (parked.length === 0) stderr.write('Nothing is parked.\n')
  else {
    stdout.write(lanes.length === 0 ? 'Parked:\n' : '\nParked:\n')
    printTable(stdout, ['ID', 'PLANT', 'TYPE', 'RECORDS', 'CODE', 'PARKED SINCE', 'MESSAGE'], parked.map(({ id, plant, deviceType, recordCount, reason, parkedAtMs }) =>
      [String(id), plant, forTerminal(deviceType), String(recordCount), forTerminal(reason.code), formatAge(parkedAtMs, nowMs), forTerminal(reason.message)]))
  }
}

function laneToJson ({ plant, deviceType, live, waiting, waitingBytes, oldestAtMs, drainsInMs }: PacedLane): object {
  return { plant, deviceType, live, pushes: waiting, bytes: waitingBytes, oldestAt: isoMoment(oldestAtMs), drainsInSeconds: drainsInMs === undefined ? null : Math.ceil(drainsInMs / 1000) }
}

export function parkedToJson ({ id, requestId, plant, deviceType, recordCount, bytes, state, receivedAtMs, parkedAtMs, reason }: ParkedEntry): object {
  return {
    id,
    requestId,
    plant,
    deviceType,
    records: recordCount,
    bytes,
    state,
    receivedAt: isoMoment(receivedAtMs),
    parkedAt: isoMoment(parkedAtMs),
    ...reasonToJson(reason)
  }
}
