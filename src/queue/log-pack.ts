import type { NumberedRequest, QueueRequest } from './log-messages.js'
import { packWhole } from './log-pack-columns.js'
import type { NewEntry, ParkedPart } from './queue-log.js'

/**
 * Copies bodies one after the other into one piece of memory, which travels to another thread without a further copy; in
 * the message, the views stand for the bodies. Sent as they are, small Buffers would each take their whole pool along.
 */
export function packBodies (bodies: readonly Uint8Array[]): { views: Uint8Array[], memory: ArrayBuffer } {
  const memory = new ArrayBuffer(bodies.reduce((sum, body) => sum + body.byteLength, 0))
  let at = 0
  const views = bodies.map(body => {
    const view = new Uint8Array(memory, at, body.byteLength)
    view.set(body)
    at += body.byteLength
    return view
  })
  return { views, memory }
}

/** The same for all bodies of some requests. */
export function packRequests (requests: readonly NumberedRequest[]): { requests: NumberedRequest[], memory: ArrayBuffer } {
  const bodies: Uint8Array[] = []
  for (const { request } of requests) {
    mapBodies(request, body => {
      bodies.push(body)
      return body
    })
  }
  const { views, memory } = packBodies(bodies)
  let next = 0
  // The kind of a request stays what it was.
  const packed = requests.map(({ id, request }) => ({ id, request: mapBodies(request, body => views[next++] ?? body) }) as NumberedRequest)
  return { requests: packed, memory }
}

function mapBodies (request: QueueRequest, map: (body: Uint8Array) => Uint8Array): QueueRequest {
  const mapParts = (parts: readonly ParkedPart[]): ParkedPart[] => parts.map(part => ({ ...part, body: map(part.body) }))
  switch (request.kind) {
    case 'append':
      return { kind: 'append', entry: mapEntry(request.entry, map, mapParts) }
    case 'park':
      return { kind: 'park', push: { ...request.push, parts: mapParts(request.push.parts) } }
    case 'settle':
      return packWhole(request.settlements) ?? { kind: 'settle', settlements: request.settlements.map(settlement => ({ ...settlement, parked: mapParts(settlement.parked) })) }
    default:
      return request
  }
}

/** Field by field: what is spread out of another object gets a hidden class of its own each time. */
function mapEntry (entry: NewEntry, map: (body: Uint8Array) => Uint8Array, mapParts: (parts: readonly ParkedPart[]) => ParkedPart[]): Required<NewEntry> {
  const { requestId, plant, deviceType, live = false, receivedAtMs, plantBytesMax, repeatKey, repairs, asideRecords = 0, body, recordCount, parked = [] } = entry
  return { requestId, plant, deviceType, live, receivedAtMs, plantBytesMax, repeatKey, repairs, asideRecords, body: map(body), recordCount, parked: mapParts(parked) }
}
