// The image's HEALTHCHECK: ends well when the proxy is alive. Alive, not ready: one that lacks a credential is not mended by a restart.
const { ADMIN_HOST = '', ADMIN_PORT = '' } = process.env
const host = ['', '0.0.0.0', '::'].includes(ADMIN_HOST) ? '127.0.0.1' : ADMIN_HOST
const url = `http://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${ADMIN_PORT === '' ? 8081 : ADMIN_PORT}/livez`

// The engine's own time limit ends what hangs.
fetch(url).then(({ ok }) => { process.exitCode = ok ? 0 : 1 }, () => { process.exitCode = 1 })
