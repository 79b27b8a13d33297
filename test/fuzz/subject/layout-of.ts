import { CpuMap, type VcpuLayout } from '../../../src/index.ts'
import type { Arena } from './arena.ts'

/** A layout of what is plugged at the start and one vCPU more. */
export function layoutOf(arena: Arena, drawn: number): VcpuLayout {
  const { plan } = arena.vm.qemu.board
  const slot = plan.slots[drawn % plan.slots.length]
  const boot = Array.from({ length: plan.bootVcpus }, (_, id) => id)
  const ids = CpuMap.from(slot === undefined ? [] : arena.slotOf(slot.firstId))
  const isAtStart = boot.includes(ids.first() ?? 0)
  const device = { ids, driver: slot?.type ?? '', id: `cpu${drawn}`, props: slot?.props ?? {} }
  return {
    smp: { cpus: plan.bootVcpus, maxcpus: arena.slots.flat().length },
    devices: isAtStart ? [] : [device],
    online: CpuMap.from(boot).union(ids),
  }
}
