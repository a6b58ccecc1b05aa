import { readBody } from './read-body.js'
import type { DecodedBody, Translation } from './dialects.js'

/** The contract of PushDeviceData itself. */
export function readEnergyExpert (body: DecodedBody): Translation {
  return { candidate: readBody(body) }
}
