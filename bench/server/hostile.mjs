// A guest that attacks, in a process of its own: node hostile.mjs SOCKET KIND BYTES REPLIES. It says `ready`, begins with the
// first byte on stdin, says `sent N` after so many bytes, and ends with stdin.
import { createServer } from 'node:net'
import { clearInterval, setInterval } from 'node:timers'
import { answers, GREETING, splitter } from './commands.mjs'

const [path, kind, bytes, directory] = process.argv.slice(2)
const total = Number(bytes)
const HINT =
  '{"timestamp": {"seconds": 1, "microseconds": 0}, "event": "ACPI_DEVICE_OST", "data": {"info": {"source": 1, "status": 0, "slot": "1", "slot-type": "CPU"}}}\r\n'
const EVENT = `{"timestamp": {"seconds": 1, "microseconds": 0}, "event": "GUEST_CRASHLOADED", "data": {"text": "${'x'.repeat(300)}"}}\r\n`
const HINTS_PER_SECOND = 5_000
const CPUS = 65_536

/** What an agent repeats without being asked. */
const PIECES = {
  junk: `${'x'.repeat(999)}\n`.repeat(65),
  'stale replies': '{"return":{"a":[1,2,3]},"id":99}\n'.repeat(2_000),
  'replies too wide': `{"return":[${'{},'.repeat(1_300_000)}{}]}\n`,
  'replies just narrow enough': `{"return":[${'{},'.repeat(5_000)}{}]}\n`.repeat(4),
  events: EVENT.repeat(150),
  hints: HINT.repeat(300),
}

/** The longest list that an agent may send. */
const costly = () => {
  const one = (id) => `{"logical-id":${id},"online":true,"can-offline":true}`
  return `[${Array.from({ length: CPUS }, (_, id) => one(id)).join()}]`
}

const answer = answers(directory, {
  'guest-get-vcpus': '[{"logical-id":0,"online":true,"can-offline":false}]',
})
/** Encoded once: it is the client's cost that is measured, and this process runs beside it. */
const costlyList = kind === 'costly replies' ? Buffer.from(costly()) : undefined

/** The pieces of an answer. */
function* answered(text) {
  if (costlyList === undefined || !text.includes('"guest-get-vcpus"')) return yield answer(text)
  const { id } = JSON.parse(text)
  yield '{"return": '
  yield costlyList
  yield id === undefined ? '}\r\n' : `, "id": ${JSON.stringify(id)}}\r\n`
}

let begin
const begun = new Promise((resolve) => (begin = resolve))
let sent = 0

/** As many bytes as wanted, as fast as they are read. */
function flood(socket) {
  const piece = Buffer.from(PIECES[kind])
  const more = () => {
    while (sent < total && !socket.destroyed) {
      sent += piece.length
      if (!socket.write(piece)) return void socket.once('drain', more)
    }
    if (sent >= total) process.stdout.write(`sent ${sent}\n`)
  }
  more()
}

/** So many a second. */
function hint(socket) {
  const timer = setInterval(() => socket.write(HINT.repeat(HINTS_PER_SECOND / 100)), 10)
  socket.on('close', () => clearInterval(timer))
}

function serve(isMonitor) {
  return (socket) => {
    socket.on('error', () => socket.destroy())
    if (isMonitor) socket.write(GREETING)
    socket.on(
      'data',
      splitter((text) => {
        for (const piece of answered(text)) socket.write(piece)
      }),
    )
    begun.then(() => {
      if (kind === 'hints') {
        if (isMonitor) hint(socket)
      } else if (PIECES[kind] !== undefined && isMonitor === (kind === 'events')) flood(socket)
    })
  }
}

createServer(serve(true)).listen(path, () => {
  createServer(serve(false)).listen(`${path}.qga`, () => process.stdout.write('ready\n'))
})
process.stdin.once('data', begin).on('end', () => process.exit())
