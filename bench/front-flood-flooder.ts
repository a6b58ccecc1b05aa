// The other side of front-flood.ts, in a process of its own: idle and slow connections and floods of wrong keys, until it is told to stop.
import { connect, type Socket } from 'node:net'

export interface FloodReport { readonly answers: number, readonly hangUps: number, readonly connections: number }

const port = Number(process.argv[2])
const IDLE = 1_000
const SLOW = 1_000
/** Senders that try again as soon as they hear no, each over its kept connection. */
const IMPATIENT = 100
/** Senders a second that connect, send a wrong key and go without waiting. */
const HANG_UPS_PER_SECOND = 200

const REFUSED = 'POST /api/v1/data/increment/push HTTP/1.1\r\nHost: p\r\nX-API-Key: nonsense\r\nContent-Length: 2\r\n\r\n{}'
const SLOW_HEAD = 'POST /api/v1/data/increment/push HTTP/1.1\r\nHost: p\r\nX-Padding: '

const sockets = new Set<Socket>()
const timers: NodeJS.Timeout[] = []
let answers = 0
let hangUps = 0
let isOver = false

function open (onConnect: (socket: Socket) => void): void {
  const socket = connect(port, '127.0.0.1', () => { onConnect(socket) })
  sockets.add(socket)
  socket.on('error', () => {})
  socket.once('close', () => {
    sockets.delete(socket)
    // Whoever floods comes back when it is thrown out, after a moment: every loop here is bounded in rate and time.
    if (!isOver) timers.push(setTimeout(() => { if (!isOver) open(onConnect) }, 1_000))
  })
}

for (let n = 0; n < IDLE; n++) open(() => {})
for (let n = 0; n < SLOW; n++) {
  open(socket => {
    socket.write(SLOW_HEAD)
    const drip = setInterval(() => { socket.write('a') }, 1_000)
    socket.once('close', () => { clearInterval(drip) })
  })
}
for (let n = 0; n < IMPATIENT; n++) {
  open(socket => {
    socket.write(REFUSED)
    socket.on('data', () => {
      answers++
      socket.write(REFUSED)
    })
  })
}
timers.push(setInterval(() => {
  for (let n = 0; n < HANG_UPS_PER_SECOND / 20; n++) {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(REFUSED, () => {
        hangUps++
        socket.destroy()
      })
    })
    socket.on('error', () => {})
  }
}, 50))

process.on('message', () => {
  isOver = true
  for (const timer of timers) clearInterval(timer)
  const report: FloodReport = { answers, hangUps, connections: sockets.size }
  for (const socket of sockets) socket.destroy()
  process.send?.(report)
  process.disconnect()
})
process.once('disconnect', () => { process.exit() })
