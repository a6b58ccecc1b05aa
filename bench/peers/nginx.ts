import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Peer } from './peer.js'
import { freePort, untilOpen } from './ports.js'

const SUCCESS = '{"requestId":"83A5A7DD-8974-5769-952E-590A97BEA34E","data":"success"}'
const PATH = '/api/v1/data/increment/push'
const MODULE = '/usr/lib/nginx/modules/ngx_http_js_module.so'

/** A configuration of nginx, run by a master and one worker as whoever runs this. */
async function startNginx (server: string, { modules = '', http = '' }: { modules?: string, http?: string } = {}): Promise<Pick<Peer, 'pid' | 'stop'> & { port: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-nginx-'))
  mkdirSync(join(folder, 'tmp'))
  const port = await freePort()
  writeFileSync(join(folder, 'nginx.conf'), `${modules}
worker_processes 1;
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 2048; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_max_body_size 8m;
  client_body_buffer_size 8m;
  subrequest_output_buffer_size 64k;
  client_body_temp_path ${folder}/tmp;
  proxy_temp_path ${folder}/tmp;
  fastcgi_temp_path ${folder}/tmp;
  uwsgi_temp_path ${folder}/tmp;
  scgi_temp_path ${folder}/tmp;
  ${http}
  server { listen 127.0.0.1:${port} backlog=1024; ${server} }
}
`)
  const child = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' })
  await untilOpen(port)
  return { port, pid: child.pid ?? 0, stop: async () => { child.kill('SIGTERM') } }
}

/** Stands for the cloud: takes every push at once. */
export async function startUpstream (): Promise<{ port: number, stop: () => Promise<void> }> {
  return await startNginx(`location / { default_type application/json; client_body_in_single_buffer on; return 200 '${SUCCESS}'; }`)
}

const upstreamOf = (port: number): string => `upstream cloud { server 127.0.0.1:${port}; keepalive 256; keepalive_requests 1000000000; }`

/** Relays whatever has the right key. */
export async function startPlainNginx (cloudPort: number): Promise<Peer> {
  const { port, ...peer } = await startNginx(`location ${PATH} { if ($known = 0) { return 401; } proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://cloud; }`, {
    http: `${upstreamOf(cloudPort)} map $http_x_api_key $known { default 0; bench-key 1; }`
  })
  return { ...peer, url: `http://127.0.0.1:${port}${PATH}`, keys: ['bench-key'], warms: false }
}

/** Checks a little and signs, in njs. */
export async function startNjs (cloudPort: number): Promise<Peer> {
  // The compiled bench lies in dist/bench; njs reads the file as it was written.
  const script = fileURLToPath(new URL('../../../bench/peers/push.js', import.meta.url))
  const variables = ['acs_authorization', 'acs_date', 'acs_nonce', 'acs_hash']
  const { port, ...peer } = await startNginx(`
    ${variables.map(name => `set $${name} "";`).join(' ')}
    location ${PATH} { js_content push.push; }
    location /signed {
      internal;
      proxy_pass_request_headers off;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host energyexpertexternal.cn-hangzhou.aliyuncs.com;
      proxy_set_header Content-Type "application/json; charset=utf-8";
      proxy_set_header Authorization $acs_authorization;
      proxy_set_header x-acs-action PushDeviceData;
      proxy_set_header x-acs-version 2022-09-23;
      proxy_set_header x-acs-date $acs_date;
      proxy_set_header x-acs-signature-nonce $acs_nonce;
      proxy_set_header x-acs-content-sha256 $acs_hash;
      proxy_pass http://cloud${PATH};
    }`, { modules: `load_module ${MODULE};`, http: `js_import push from ${script}; ${upstreamOf(cloudPort)}` })
  return { ...peer, url: `http://127.0.0.1:${port}${PATH}`, keys: ['bench-key'], warms: false }
}
