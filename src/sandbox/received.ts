/** A push whose signature was verified and that arrived. */
export interface ReceivedPush {
  readonly requestId: string
  /** ISO 8601, by the sandbox's clock without any skew. */
  readonly receivedAt: string
  readonly accessKeyId: string
  readonly verified: true
  /** False when a fault kept the sender from learning that its push arrived. */
  readonly answered: boolean
  /** Lower-case names; several values of one name are joined with `, `. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly push: { readonly deviceType: string, readonly devices: readonly unknown[] }
}
