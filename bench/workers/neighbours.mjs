// Many VMs in a fresh process, and a hostile guest among them: how long a map of the others takes, and how long the event loop
// is held up. The hostile guest's agent is asked without a pause, as no daemon would.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { startHostile } from './hostile-peer.mjs'
import { answer, load, request } from './subjects.mjs'

const { path, kind, count, maps } = request()
const { Domain } = await load('qemu-vcpu')
const hostile = await startHostile(path, kind)
const others = []
for (let made = 0; made < count; made++) others.push(await Domain.connect({ qmp: path, qga: `${path}.qga` }))
const attacker = await Domain.connect({ qmp: hostile.path, qga: `${hostile.path}.qga` })

let isOver = false
let replies = 0
let cpus = 0
async function attack() {
  while (!isOver) {
    cpus = (await attacker.getVcpuMap('agent-online')).size
    replies++
    await turn()
  }
}

/** Ask the others in turn. */
async function asked(times) {
  for (let at = 0; at < times.length; at++) {
    const start = process.hrtime.bigint()
    await others[at % count].getVcpuMap()
    times[at] = Number(process.hrtime.bigint() - start) / 1e3
    await turn()
  }
  return times.sort()[times.length >>> 1]
}

const attacking = attack()
await asked(new Float64Array(maps))
hostile.begin()
const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
const before = process.memoryUsage.rss()
const medianUs = await asked(new Float64Array(maps))
delay.disable()
isOver = true
await attacking
answer({ medianUs, delayUs: delay.max / 1e3, growth: process.memoryUsage.rss() - before, replies, cpus })
await Promise.all([attacker, ...others].map((domain) => domain.close()))
hostile.end()
