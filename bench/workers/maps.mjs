// All of QEMU's maps, read over and over in a fresh process: by a Domain; `floor`: both queries over a bare socket, nothing
// parsed; `parse`: JSON.parse of both replies.
import { answer, bareSocket, load, request, timed } from './subjects.mjs'

const { subject, path, count } = request()
const QUERIES = Buffer.from('{"execute":"query-hotpluggable-cpus"}\n{"execute":"query-cpus-fast"}\n')

async function reader() {
  if (subject === 'qemu-vcpu') {
    const { Domain } = await load('qemu-vcpu')
    const domain = await Domain.connect({ qmp: path })
    return { read: () => domain.getVcpuMaps(), close: () => domain.close() }
  }
  const socket = await bareSocket(path, 'query-status')
  if (subject === 'floor') return { read: () => socket.ask(QUERIES, 2), close: socket.close }
  const bytes = await socket.record(QUERIES, 2)
  const end = bytes.indexOf('\n') + 1
  const replies = [bytes.subarray(0, end), bytes.subarray(end)]
  return { read: () => replies.map((reply) => JSON.parse(reply.toString('utf8'))), close: socket.close }
}

const { read, close } = await reader()
const us = await timed(count, read)
await close()
answer({ us })
