// So many VMs at once, from connecting to the first map of each, in a fresh process.
import { answer, bareSocket, load, request } from './subjects.mjs'

const { subject, path, count } = request()
const QUERIES = '{"execute":"query-hotpluggable-cpus"}\n{"execute":"query-cpus-fast"}\n'

const { Domain } = subject === 'qemu-vcpu' ? await load('qemu-vcpu') : {}
const one =
  subject === 'qemu-vcpu'
    ? async () => {
        const domain = await Domain.connect({ qmp: path })
        await domain.getVcpuMaps()
      }
    : async () => {
        const socket = await bareSocket(path, 'query-status')
        await socket.ask(QUERIES, 2)
      }
const start = process.hrtime.bigint()
await Promise.all(Array.from({ length: count }, one))
answer({ us: Number(process.hrtime.bigint() - start) / 1e3 })
process.stdout.write('', () => process.exit())
