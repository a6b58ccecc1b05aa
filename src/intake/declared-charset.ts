/** Longer than the label of any encoding. */
const LABEL_MAX = 40

/** The charset parameter of a Content-Type, as it is written; also of one that is otherwise none. */
export function declaredCharset (contentType: string | undefined): string | undefined {
  const [, quoted, bare] = /;[ \t]*charset[ \t]*=[ \t]*(?:"([^"]*)"|([^;,\s"]+))/i.exec(contentType?.slice(0, 1000) ?? '') ?? []
  const label = quoted ?? bare
  return label === undefined || label.length > LABEL_MAX ? undefined : label
}
