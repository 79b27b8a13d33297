// What a flood leaves in the memory of a fresh process: maps in a loop, before the flood and during it. `attacks` is the
// socket that floods, `monitor` or `agent`; the other one is asked throughout.
import { setImmediate as turn } from 'node:timers/promises'
import { startHostile } from './hostile-peer.mjs'
import { answer, load, request } from './subjects.mjs'

const { path, kind, attacks, bytes, warmMs } = request()
const { Domain } = await load('qemu-vcpu')
const hostile = await startHostile(path, kind, bytes)
const isAgent = attacks === 'agent'
const domain = await Domain.connect({
  qmp: isAgent ? path : hostile.path,
  qga: isAgent ? `${hostile.path}.qga` : `${path}.qga`,
  // An agent that sends so much that answers nothing is cut off; here it is listened to, to the end.
  limits: { qga: { junkBytes: 4 * 2 ** 30 } },
})
const ask = () => domain.getVcpuMap(isAgent ? 'online' : 'agent-online')

/** Ask until it is over. */
async function looped(isOver) {
  let [peakRss, maps, slowestUs] = [0, 0, 0]
  while (!isOver()) {
    const start = process.hrtime.bigint()
    await ask()
    maps++
    slowestUs = Math.max(slowestUs, Number(process.hrtime.bigint() - start) / 1e3)
    if (maps % 16 === 0) peakRss = Math.max(peakRss, process.memoryUsage.rss())
    await turn()
  }
  return { peakRss, maps, slowestUs }
}

const start = Date.now()
const before = await looped(() => Date.now() - start > warmMs)
let isOver = false
hostile.sent.then(() => (isOver = true))
hostile.begin()
const { peakRss, maps, slowestUs } = await looped(() => isOver)
answer({ growth: Math.max(0, peakRss - before.peakRss), maps, slowestUs })
await domain.close()
hostile.end()
