/** What a JSON pointer into a push points at. */
interface PlaceInPush {
  /** Of the device record. */
  readonly index?: number
  /** The member of the push, or of the device record. */
  readonly member?: string | undefined
  readonly point?: string | undefined
}

export function placeIn (pointer: string): PlaceInPush {
  const [, first, second, member, ...rest] = pointer.split('/').map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  if (first !== 'devices') return { member: first }
  return second === undefined ? {} : { index: Number(second), member, point: member === 'data' ? rest[0] : undefined }
}
