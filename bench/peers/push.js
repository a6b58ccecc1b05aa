// What an operator would write for nginx's njs module: the key, the push's shape a little, and the signature (ACS3-HMAC-SHA256).
import crypto from 'crypto'

const KEYS = { 'bench-key': true }
const HOST = 'energyexpertexternal.cn-hangzhou.aliyuncs.com'
const ID = 'bench-key-id'
const SECRET = 'bench-key-secret'
const PATH = '/api/v1/data/increment/push'

function isPush (push) {
  if (typeof push.deviceType !== 'string' || !Array.isArray(push.devices) || push.devices.length === 0) return false
  for (let i = 0; i < push.devices.length; i++) {
    const device = push.devices[i]
    if (typeof device.deviceId !== 'string' || typeof device.recordTime !== 'string' || typeof device.data !== 'object') return false
    for (const code in device.data) if (typeof device.data[code] !== 'string') return false
  }
  return true
}

function nonce () {
  let text = ''
  for (let i = 0; i < 4; i++) text += Math.floor(Math.random() * 0xffffffff).toString(16)
  return text
}

async function push (r) {
  if (!KEYS[r.headersIn['X-API-Key']]) return r.return(401, '{"code":"InvalidKey"}')
  const body = r.requestText
  let value
  try {
    value = JSON.parse(body)
  } catch (e) {
    return r.return(400, '{"code":"InvalidJson"}')
  }
  if (!isPush(value)) return r.return(400, '{"code":"InvalidPush"}')
  const hash = crypto.createHash('sha256').update(body).digest('hex')
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    host: HOST,
    'x-acs-action': 'PushDeviceData',
    'x-acs-content-sha256': hash,
    'x-acs-date': new Date().toISOString().slice(0, 19) + 'Z',
    'x-acs-signature-nonce': nonce(),
    'x-acs-version': '2022-09-23'
  }
  const names = Object.keys(headers)
  let canonical = 'POST\n' + PATH + '\n\n'
  for (let i = 0; i < names.length; i++) canonical += names[i] + ':' + headers[names[i]] + '\n'
  const signed = names.join(';')
  canonical += '\n' + signed + '\n' + hash
  const toSign = 'ACS3-HMAC-SHA256\n' + crypto.createHash('sha256').update(canonical).digest('hex')
  const signature = crypto.createHmac('sha256', SECRET).update(toSign).digest('hex')
  r.variables.acs_authorization = 'ACS3-HMAC-SHA256 Credential=' + ID + ',SignedHeaders=' + signed + ',Signature=' + signature
  r.variables.acs_date = headers['x-acs-date']
  r.variables.acs_nonce = headers['x-acs-signature-nonce']
  r.variables.acs_hash = hash
  const reply = await r.subrequest('/signed', { method: 'POST', body })
  r.headersOut['Content-Type'] = 'application/json'
  r.return(reply.status, reply.responseText)
}

export default { push }
