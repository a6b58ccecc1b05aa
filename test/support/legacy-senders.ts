import type { PolicySettings } from '../../src/plants/read-policy.js'

/** What one legacy sender puts on the wire, byte for byte, and what becomes of it. */
export interface LegacySender {
  readonly sender: string
  /** Of its plant, where the defaults do not do. */
  readonly policy?: PolicySettings
  /** Writes the request. */
  readonly request: (key: string) => Buffer
  /** The body that reaches the cloud, character for character. */
  readonly relayed: string
  readonly repairs?: string
  /** The connection is kept after the answer. */
  readonly isKept: boolean
}

const PATH = '/api/v1/data/increment/push'
export const SMALL = '{"deviceType":"1","devices":[{"deviceId":"meter-7","recordTime":"2021-09-08 18:40:00","data":{"Ua":"226.0"}}]}'

/** A request whose lines and body stand as they are written; its length is counted in bytes. */
function post (lines: readonly string[], body: string | Buffer = SMALL): Buffer {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body)
  return Buffer.concat([Buffer.from(`${lines.map(line => line.replace('LENGTH', String(bytes.length))).join('\r\n')}\r\n\r\n`), bytes])
}

const basicOf = (key: string): string => Buffer.from(`plant:${key}`).toString('base64')
/** 电表 in code page 936. */
const METER_936 = Buffer.from([0xb5, 0xe7, 0xb1, 0xed])
const inCodePage936 = Buffer.concat([...SMALL.split('meter-7').flatMap((part, index) => index === 0 ? [Buffer.from(part), METER_936] : [Buffer.from(part)])])

export const LEGACY_SENDERS: readonly LegacySender[] = [
  {
    sender: 'USR-IOT serial server: a fixed header template, no Content-Type, a key in a path of at most 50 bytes',
    request: key => post([`POST /k/${key} HTTP/1.1`, 'Host: 10.0.0.5:8080', 'User-Agent: lwip1.3.2', 'Content-Length: LENGTH']),
    relayed: SMALL,
    isKept: true
  },
  {
    sender: '4G DTU in HTTP mode: URL and headers stored once',
    request: key => post([`POST ${PATH}?api_key=${key} HTTP/1.1`, 'Host:10.0.0.5:8080', 'Content-Type:application/json', 'Content-Length:LENGTH']),
    relayed: SMALL,
    isKept: true
  },
  ...['', 'Content-Type: application/x-www-form-urlencoded\r\n', 'Content-Type: text/plain\r\n', 'Content-Type: application/octet-stream\r\n'].map((type): LegacySender => ({
    sender: `Telit LE910 modem: Connection: close, ${type.trim() || 'no Content-Type'}`,
    request: key => post([`POST ${PATH} HTTP/1.1`, 'Host: proxy', `${type}Connection: close`, `Authorization: Basic ${basicOf(key)}`, 'Content-Length: LENGTH']),
    relayed: SMALL,
    isKept: false
  })),
  {
    sender: 'Holdingbyte DTU: numbers, null when a reading failed, Unix seconds',
    policy: { missing: 'drop' },
    request: key => post([`POST ${PATH} HTTP/1.1`, 'Host: 10.0.0.5', 'Content-Type: application/json', `X-API-Key: ${key}`, 'Content-Length: LENGTH'], '{"deviceType":1,"devices":[{"deviceId":7001,"recordTime":1683349200,"data":{"Ua":226.0,"Ub":null,"Ep_imp":9007199254740993}}]}'),
    relayed: '{"deviceType":"1","devices":[{"deviceId":"7001","recordTime":"2023-05-06 13:00:00","data":{"Ua":"226.0","Ep_imp":"9007199254740993"}}]}',
    repairs: 'number-to-string=4, missing-value=1, record-time=1',
    isKept: true
  },
  {
    sender: 'Holdingbyte DTU: times with slashes',
    request: key => post([`POST ${PATH} HTTP/1.1`, 'Host: 10.0.0.5', 'Content-Type: application/json', `X-API-Key: ${key}`, 'Content-Length: LENGTH'], SMALL.replace('2021-09-08 18:40:00', '2023/05/06 13:00:00')),
    relayed: SMALL.replace('2021-09-08 18:40:00', '2023-05-06 13:00:00'),
    repairs: 'record-time=1',
    isKept: true
  },
  {
    sender: 'Kepware IoT Gateway REST client: values with epoch milliseconds, a sample of bad quality among them',
    policy: { dialect: 'kepware', mapping: 'deviceType: "1"\ntags: ["Channel1.{device}.{point}"]\ndevices: { Meter7: meter-7 }\n' },
    request: key => post([`POST ${PATH} HTTP/1.1`, 'Content-Type: application/json', `X-API-Key: ${key}`, 'Content-Length: LENGTH', 'Host: proxy:8080', 'Connection: Keep-Alive'], '{"timestamp":1631097600123,"values":[{"id":"Channel1.Meter7.Ua","v":850.30,"q":true,"t":1631097600098},{"id":"Channel1.Meter7.Ub","v":0,"q":false,"t":1631097600098}]}'),
    relayed: '{"deviceType":"1","devices":[{"deviceId":"meter-7","recordTime":"2021-09-08 18:40:00","data":{"Ua":"850.30"}}]}',
    repairs: 'bad-quality=1, number-to-string=1, record-time=1',
    isKept: true
  },
  {
    sender: 'Ignition system.net.httpPost: a dict as a form, Basic authentication',
    policy: { dialect: 'form', mapping: 'deviceType: "1"\n' },
    request: key => post([`POST ${PATH} HTTP/1.1`, 'Content-Type: application/x-www-form-urlencoded', `Authorization: Basic ${basicOf(key)}`, 'User-Agent: Java/1.8.0_282', 'Host: proxy:8080', 'Accept: text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2', 'Connection: keep-alive', 'Content-Length: LENGTH'], 'deviceId=%E7%94%B5%E8%A1%A8+7&recordTime=2021-09-08+18%3A40%3A00&Ua=226.0&Ep_imp=325.25'),
    relayed: '{"deviceType":"1","devices":[{"deviceId":"电表 7","recordTime":"2021-09-08 18:40:00","data":{"Ua":"226.0","Ep_imp":"325.25"}}]}',
    isKept: true
  },
  {
    sender: 'Ignition system.net.httpClient (Java): offers h2c on a plain POST',
    request: key => post([`POST ${PATH} HTTP/1.1`, 'Connection: Upgrade, HTTP2-Settings', 'Content-Length: LENGTH', 'Host: proxy:8080', 'HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA', 'Upgrade: h2c', 'User-Agent: Java-http-client/17.0.9', 'Content-Type: application/json', `X-API-Key: ${key}`]),
    relayed: SMALL,
    isKept: false
  },
  {
    sender: 'Node-RED: JSON as text/plain',
    request: key => post([`POST ${PATH} HTTP/1.1`, `x-api-key: ${key}`, 'content-type: text/plain;charset=UTF-8', 'content-length: LENGTH', 'host: proxy:8080', 'connection: close'], SMALL.replace('meter-7', '电表')),
    relayed: SMALL.replace('meter-7', '电表'),
    isKept: false
  },
  {
    sender: 'Siemens LHTTP: at most 668 characters of body',
    request: key => post([`POST ${PATH} HTTP/1.1`, 'Host: 10.0.0.5', 'Content-Type: application/json', `X-API-Key: ${key}`, 'Content-Length: LENGTH'], SMALL.padEnd(668, ' ')),
    relayed: SMALL,
    isKept: true
  },
  {
    sender: 'WinCC REST connector',
    request: key => post([`POST ${PATH} HTTP/1.1`, 'Accept: */*', 'Content-Type: application/json', `X-API-Key: ${key}`, 'Host: proxy:8080', 'Content-Length: LENGTH']),
    relayed: SMALL,
    isKept: true
  },
  {
    sender: '.NET: Expect: 100-continue, UTF-8 with its mark',
    request: key => post([`POST ${PATH} HTTP/1.1`, 'Content-Type: application/json; charset=utf-8', `X-API-Key: ${key}`, 'Host: proxy:8080', 'Content-Length: LENGTH', 'Expect: 100-continue', 'Connection: Keep-Alive'], `\uFEFF${SMALL}`),
    relayed: SMALL,
    repairs: 'bom=1',
    isKept: true
  },
  {
    sender: 'WinHTTP and VBScript: strings in code page 936, the charset declared',
    request: key => post([`POST ${PATH} HTTP/1.1`, 'Connection: Keep-Alive', 'Content-Type: application/json; charset=gb2312', 'User-Agent: Mozilla/4.0 (compatible; Win32; WinHttp.WinHttpRequest.5)', 'Content-Length: LENGTH', 'Host: proxy', `X-API-Key: ${key}`], inCodePage936),
    relayed: SMALL.replace('meter-7', '电表'),
    repairs: 'charset=1',
    isKept: true
  },
  {
    sender: 'WinHTTP and VBScript: strings in code page 936, the plant set to it',
    policy: { charset: 'gb18030' },
    request: key => post([`POST ${PATH} HTTP/1.1`, 'Connection: Keep-Alive', 'Content-Type: application/json', 'Content-Length: LENGTH', 'Host: proxy', `X-API-Key: ${key}`], inCodePage936),
    relayed: SMALL.replace('meter-7', '电表'),
    repairs: 'charset=1',
    isKept: true
  },
  {
    sender: 'curl -d',
    request: key => post([`POST ${PATH} HTTP/1.1`, 'Host: proxy:8080', 'User-Agent: curl/7.29.0', 'Accept: */*', `X-API-Key: ${key}`, 'Content-Length: LENGTH', 'Content-Type: application/x-www-form-urlencoded']),
    relayed: SMALL,
    isKept: true
  }
]
