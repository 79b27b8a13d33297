// What so many VMs cost in memory, in a fresh process with --expose-gc: a Domain with its monitor's and its agent's socket, or
// two bare sockets for each.
import { once } from 'node:events'
import { connect } from 'node:net'
import { answer, load, request } from './subjects.mjs'

const { subject, path, count } = request()

async function barePair() {
  const sockets = [connect(path), connect(`${path}.qga`)]
  for (const socket of sockets) socket.on('data', () => undefined)
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  const [monitor] = sockets
  await once(monitor, 'data')
  monitor.write('{"execute":"qmp_capabilities","id":1}\n')
  await once(monitor, 'data')
  return {
    map: async () => {
      monitor.write('{"execute":"query-hotpluggable-cpus","id":1}\n')
      await once(monitor, 'data')
    },
  }
}

async function domains() {
  const { Domain } = await load('qemu-vcpu')
  return async () => {
    const domain = await Domain.connect({ qmp: path, qga: `${path}.qga` })
    return { map: () => domain.getVcpuMaps() }
  }
}

const settle = async () => {
  for (let round = 0; round < 4; round++) {
    globalThis.gc()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return process.memoryUsage()
}

const make = subject === 'bare' ? barePair : await domains()
await make()
const before = await settle()
const vms = []
for (let made = 0; made < count; made++) vms.push(await make())
const idle = await settle()
for (const vm of vms) await vm.map()
const mapped = await settle()
const perVm = (later, key) => (later[key] - before[key]) / count
answer({
  idleRss: perVm(idle, 'rss'),
  mappedRss: perVm(mapped, 'rss'),
  idleHeap: perVm(idle, 'heapUsed'),
  mappedHeap: perVm(mapped, 'heapUsed'),
})
process.exit()
