// Round trips of one client in a fresh process; `parse`: what JSON.parse alone takes for the same reply; `memory`: qemu-vcpu
// over a stream in this process that delivers the reply in pieces of 64 KiB.
import { Duplex } from 'node:stream'
import { answer, bareSocket, load, open, request, timed } from './subjects.mjs'

const { subject, path, command = 'query-status', inFlight = 1, count, warmCount = 0 } = request()
const PIECE = 64 * 1024

async function replyBytes() {
  const socket = await bareSocket(path, command)
  const reply = await socket.record(`{"execute":"${command}"}\n`, 1)
  socket.close()
  return reply
}

async function overMemory() {
  const reply = await replyBytes()
  const body = reply.subarray(0, reply.lastIndexOf('}'))
  const { QmpClient } = await load('qemu-vcpu/qmp')
  const peer = new Duplex({
    read: () => undefined,
    write: (chunk, _, done) => {
      // A lone command has no id.
      for (const line of chunk.toString().trim().split('\n')) {
        const { execute, id } = JSON.parse(line)
        const bytes = execute === command ? body : Buffer.from('{"return": {}')
        for (let at = 0; at < bytes.length; at += PIECE) peer.push(bytes.subarray(at, at + PIECE))
        peer.push(id === undefined ? '}\r\n' : `, "id": ${id}}\r\n`)
      }
      done()
    },
  })
  const connecting = QmpClient.connect(peer)
  peer.push(
    '{"QMP": {"version": {"qemu": {"micro": 0, "minor": 0, "major": 10}, "package": ""}, "capabilities": []}}\r\n',
  )
  const client = await connecting
  return { burst: () => client.execute(command), close: () => client.close() }
}

async function parser() {
  const reply = await replyBytes()
  return { burst: () => JSON.parse(reply.toString('utf8')), close: () => undefined }
}

const special = { memory: overMemory, parse: parser }
const client = await (special[subject]?.() ?? open(subject, path, command))
const us = (await timed(count, () => client.burst(inFlight))) / inFlight
const warmUs = warmCount === 0 ? undefined : (await timed(warmCount, () => client.burst(inFlight))) / inFlight
client.close()
answer({ us, warmUs })
