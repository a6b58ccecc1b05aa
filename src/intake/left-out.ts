/** What was left out, in words: "3 of bad quality, 1 ignored"; empty where nothing was. */
export function leftOutInWords (parts: ReadonlyArray<readonly [count: number, what: string]>): string {
  return parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`).join(', ')
}
