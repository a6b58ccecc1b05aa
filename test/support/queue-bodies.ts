/** A body that tells whose it is, of 50 bytes to 30 KB. */
export function bodyOf (requestId: string): string {
  return requestId.repeat(1 + parseInt(requestId.slice(-2), 16) ** 2 / 80)
}
