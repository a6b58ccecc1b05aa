/** What stands between the texts of a push, in the very bytes that encodePush writes. */
export const NO_BYTES = new Uint8Array(0)
const bytesOf = (text: string): Uint8Array => Buffer.from(text)
export const HEAD = bytesOf('{"deviceType":"')
export const DEVICES = bytesOf('","devices":[{"')
export const ID = bytesOf('deviceId":"')
export const TIME_AFTER_ID = bytesOf('","recordTime":"')
export const TIME = bytesOf('recordTime":"')
export const DATA = bytesOf('","data":{"')
export const VALUE = bytesOf('":"')
export const NEXT_RECORD = bytesOf(',{"')
export const QUOTE = 0x22
export const COMMA = 0x2c
export const CLOSE_BRACE = 0x7d
export const CLOSE_BRACKET = 0x5d
