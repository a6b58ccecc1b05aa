import { BadSetting } from '../setting-readers.js'

/** A proxy that opens tunnels. What it asks for is kept apart from its address, so that whoever writes the address writes no password. */
export interface OutboundProxy {
  /** Without user and password. */
  readonly url: URL
  /** The value of Proxy-Authorization. */
  readonly authorization: string | undefined
}

const MUST_BE = 'the address of a proxy such as http://10.0.0.5:3128, with user:password@ before the host where it asks for them (percent-encoded)'

/** As other tools read HTTPS_PROXY: without a scheme it is http. */
export function proxyUrl (value: string): OutboundProxy {
  const text = /^[a-z][\w+.-]*:\/\//i.test(value) ? value : `http://${value}`
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search !== '' || url.hash !== '') throw new BadSetting(MUST_BE)
  const authorization = url.username === '' && url.password === '' ? undefined : toBasic(url)
  url.username = ''
  url.password = ''
  return { url, authorization }
}

function toBasic ({ username, password }: URL): string {
  try {
    return `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`
  } catch {
    throw new BadSetting(MUST_BE)
  }
}
