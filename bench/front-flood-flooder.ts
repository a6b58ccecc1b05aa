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
const slow = new Set<Socket>()
for (let n = 0; n < SLOW; n++) {
  open(socket => {
    socket.write(SLOW_HEAD)
    slow.add(socket)
    socket.once('close', () => { slow.delete(socket) })
  })
}
// Each says a byte a second, one after the other and not all at once.
let turn = 0
timers.push(setInterval(() => {
  turn = (turn + 1) % 100
  let n = 0
  for (const socket of slow) if (n++ % 100 === turn) socket.write('a')
}, 10))
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
  for (let n = 0; n < HANG_UPS_PER_SECOND / 100; n++) {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(REFUSED, () => {
        hangUps++
        socket.destroy()
      })
    })
    socket.on('error', () => {})
  }
}, 10))

process.on('message', () => {
  isOver = true
  for (const timer of timers) clearInterval(timer)
  const report: FloodReport = { answers, hangUps, connections: sockets.size }
  for (const socket of sockets) socket.destroy()
  process.send?.(report)
  process.disconnect()
})
process.once('disconnect', () => { process.exit() })
