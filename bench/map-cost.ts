import { resolveQemu, startMachine } from '../packages/guest-kit/src/index.ts'
import { computeSlots, computeVcpuMaps, type CpuFast, type HotpluggableCpu } from '../src/bitmap/index.ts'
import { Domain, type QmpExecutor } from '../src/index.ts'
import { measure } from './measure.ts'
import { RawMonitor, type RawReplies } from './raw-monitor.ts'
import { replay } from './replay-server.ts'

/** What one reading of all maps costs on a machine of so many slots, in microseconds. */
export interface MapCost {
  readonly slots: number
  readonly qemu: string
  /** Of both replies together. */
  readonly replyBytes: number
  /** Against QEMU itself. */
  readonly real: Costs
  /** Against a peer that answers at once. */
  readonly instant: Costs
  /** Where our own part of it goes. */
  readonly parts: { readonly parse: number; readonly check: number; readonly compute: number }
}

/** The floor parses nothing; the map is `Domain.getVcpuMaps()`. */
export interface Costs {
  readonly floor: number
  readonly map: number
}

/** Measure one machine: two vCPUs plugged, the other slots empty. */
export async function mapCost(slots: number): Promise<MapCost> {
  const qemu = await resolveQemu('10.0', 'x86_64', console.error)
  await using machine = await startMachine({ qemu, cpu: 'max', smp: `2,maxcpus=${slots}`, paused: true })
  const raw = await RawMonitor.connect(machine.controlPath)
  const replies = await raw.record()
  raw.close()
  const real = await compare(machine.qmpPath, machine.controlPath)
  await using instantPeer = await replay(replies)
  const instant = await compare(instantPeer.path, instantPeer.path)
  const replyBytes = replies[0].length + replies[1].length
  return { slots, qemu: machine.qemuVersion, replyBytes, real, instant, parts: await partsOf(replies) }
}

async function compare(domainPath: string, rawPath: string): Promise<Costs> {
  const raw = await RawMonitor.connect(rawPath)
  await using domain = await Domain.connect({ qmp: domainPath })
  try {
    return await measure({ floor: () => raw.ask(), map: () => domain.getVcpuMaps() })
  } finally {
    raw.close()
  }
}

async function partsOf(replies: RawReplies): Promise<MapCost['parts']> {
  const [hotpluggable, plugged] = replies.map(parseReply) as unknown as [HotpluggableCpu[], CpuFast[]]
  const executor: QmpExecutor = {
    execute: (command) => Promise.resolve(command === 'query-hotpluggable-cpus' ? hotpluggable : plugged),
  }
  await using domain = await Domain.connect({ qmp: executor })
  const { parse, checked, compute } = await measure({
    parse: () => replies.map(parseReply),
    checked: () => domain.getVcpuMaps(),
    compute: () => computeVcpuMaps(computeSlots(hotpluggable, plugged)),
  })
  return { parse, check: Math.max(0, checked - compute), compute }
}

function parseReply(reply: Buffer): unknown {
  return (JSON.parse(reply.toString('utf8')) as { readonly return: unknown }).return
}
