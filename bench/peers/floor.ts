// The least that Node can do: node:http in, undici out, nothing checked and nothing signed.
import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { Pool } from 'undici'

const [port = '0', cloud = ''] = process.argv.slice(2)
const pool = new Pool(cloud, { connections: 256 })
const headers = { 'content-type': 'application/json; charset=utf-8' }

createServer((request, response) => {
  const fail = (): void => { response.writeHead(502).end() }
  buffer(request).then(async body => {
    const { statusCode, body: answer } = await pool.request({ method: 'POST', path: request.url ?? '/', headers, body })
    const text = Buffer.from(await answer.arrayBuffer())
    response.writeHead(statusCode, { 'content-type': 'application/json', 'content-length': text.length }).end(text)
  }).catch(fail)
}).listen(Number(port), '127.0.0.1')
