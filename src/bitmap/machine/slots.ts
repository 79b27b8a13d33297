import { ContradictionError } from '../../errors/contradiction-error.ts'
import { quote } from '../../errors/quote.ts'
import { isCpuId, MAX_CPU_ID } from '../set/cpu-id.ts'
import { addId, hasId } from '../set/words.ts'
import type { CpuFast, HotpluggableCpu } from './replies.ts'
import { orderSlots, type OrderedSlot } from './slot-order.ts'
import { isBootSlot, neverUnplugs } from './unplug-rules.ts'
import { makeSlot, type PluggedVcpu, type VcpuSlot } from './vcpu-slot.ts'

/**
 * Every vCPU slot of a machine with hotplug, ascending by first id, from the replies to `query-hotpluggable-cpus` and
 * `query-cpus-fast`. Pure: the same two replies give the same slots, in whatever order QEMU lists them.
 *
 * @throws {@link ContradictionError} when the two replies, or a reply and the slots' arithmetic, disagree. The VM may
 * have changed between the two queries: ask again.
 */
export function computeSlots(
  hotpluggable: readonly HotpluggableCpu[],
  listed: readonly CpuFast[],
): readonly VcpuSlot[] {
  // QEMU 11 goes on listing a vCPU whose device_add it refused (docs/wire-notes.md): one without a place in the machine.
  const plugged = listed.filter((cpu) => cpu['qom-path'] !== '')
  requireDistinctIndexes(plugged)
  const ordered = orderSlots(hotpluggable)
  const members = groupBySlot(ordered, plugged)
  const keeps = keepsAll(hotpluggable, plugged)
  return ordered.map(({ firstId, slot }) => {
    const qomPath = slot['qom-path'] ?? null
    const vcpus = qomPath === null ? [] : requireMembers(qomPath, firstId, slot, members.get(qomPath) ?? [])
    return makeSlot({
      firstId,
      count: slot['vcpus-count'],
      type: slot.type,
      props: slot.props,
      qomPath,
      vcpus,
      offlinable: qomPath !== null && !isBootSlot(firstId) && !keeps,
    })
  })
}

/**
 * The slots of a machine without hotplug, which refuses `query-hotpluggable-cpus`: one for each vCPU that runs, none
 * empty, none that could be let go.
 *
 * @throws {@link ContradictionError} when two vCPUs have the same cpu-index, or one is not in 0..{@link MAX_CPU_ID}.
 */
export function fixedSlots(plugged: readonly CpuFast[]): readonly VcpuSlot[] {
  requireDistinctIndexes(plugged)
  const ascending = plugged.toSorted((a, b) => a['cpu-index'] - b['cpu-index'])
  return ascending.map((cpu) =>
    makeSlot({
      firstId: cpu['cpu-index'],
      count: 1,
      type: '',
      props: cpu.props ?? {},
      qomPath: cpu['qom-path'],
      vcpus: [pluggedVcpu(cpu)],
      offlinable: false,
    }),
  )
}

function requireDistinctIndexes(plugged: readonly CpuFast[]): void {
  const seen: number[] = []
  for (const cpu of plugged) {
    const index = cpu['cpu-index']
    if (!isCpuId(index)) {
      throw new ContradictionError(`query-cpus-fast has ${nameOf(cpu)}, and ids are the integers 0 to ${MAX_CPU_ID}`)
    }
    if (hasId(seen, index)) {
      const other = plugged.find((earlier) => earlier['cpu-index'] === index) ?? cpu
      throw new ContradictionError(`query-cpus-fast has ${nameOf(other)} and again ${nameOf(cpu)}`)
    }
    addId(seen, index)
  }
}

/** The vCPUs of each plugged slot by the slot's QOM path. */
function groupBySlot(ordered: readonly OrderedSlot[], plugged: readonly CpuFast[]): ReadonlyMap<string, CpuFast[]> {
  const owners = ownersByPath(ordered)
  const members = new Map<string, CpuFast[]>()
  for (const cpu of plugged) {
    const path = slotPathOf(cpu, owners)
    if (path === undefined) throw unexplained(cpu, ordered)
    const list = members.get(path)
    if (list === undefined) members.set(path, [cpu])
    else list.push(cpu)
  }
  return members
}

function ownersByPath(ordered: readonly OrderedSlot[]): ReadonlyMap<string, HotpluggableCpu> {
  const owners = new Map<string, HotpluggableCpu>()
  for (const { slot } of ordered) {
    const path = slot['qom-path']
    if (path === undefined) continue
    const other = owners.get(path)
    if (other !== undefined) {
      throw new ContradictionError(
        `query-hotpluggable-cpus has the qom-path ${quote(path)} for slot ${quote(other.props)} and again for slot ${quote(slot.props)}`,
      )
    }
    owners.set(path, slot)
  }
  return owners
}

/** The vCPU is the slot's device itself (x86, s390x) or below it (`.../thread[0]` of a pseries core). */
function slotPathOf(cpu: CpuFast, owners: ReadonlyMap<string, HotpluggableCpu>): string | undefined {
  let path = cpu['qom-path']
  while (path !== '') {
    if (owners.has(path)) return path
    path = path.slice(0, Math.max(0, path.lastIndexOf('/')))
  }
  return undefined
}

function unexplained(cpu: CpuFast, ordered: readonly OrderedSlot[]): ContradictionError {
  const index = cpu['cpu-index']
  const claimed = ordered.find(({ firstId, slot }) => index >= firstId && index < firstId + slot['vcpus-count'])
  return new ContradictionError(
    claimed !== undefined && claimed.slot['qom-path'] === undefined
      ? `query-cpus-fast has ${nameOf(cpu)}, and query-hotpluggable-cpus says that its slot ${quote(claimed.slot.props)} is empty`
      : `query-cpus-fast has ${nameOf(cpu)}, and no slot of query-hotpluggable-cpus has that qom-path`,
  )
}

function requireMembers(
  qomPath: string,
  firstId: number,
  slot: HotpluggableCpu,
  cpus: readonly CpuFast[],
): readonly PluggedVcpu[] {
  const count = slot['vcpus-count']
  if (cpus.length !== count) {
    throw new ContradictionError(
      `query-hotpluggable-cpus says that slot ${quote(slot.props)} at ${quote(qomPath)} holds vCPUs: ${count}, and query-cpus-fast has there: ${cpus.length}`,
    )
  }
  const stray = cpus.find((cpu) => cpu['cpu-index'] < firstId || cpu['cpu-index'] >= firstId + count)
  if (stray !== undefined) {
    throw new ContradictionError(
      `query-cpus-fast has ${nameOf(stray)}, which the slots' arithmetic denies: slot ${quote(slot.props)} holds ${firstId}-${firstId + count - 1}`,
    )
  }
  return cpus.map(pluggedVcpu).sort((a, b) => a.id - b.id)
}

/** Whether the machine keeps what it has, by its vCPUs' target or, where QEMU names none, by their type. */
function keepsAll(hotpluggable: readonly HotpluggableCpu[], plugged: readonly CpuFast[]): boolean {
  return (
    plugged.some((cpu) => neverUnplugs(cpu.target)) || hotpluggable.some((slot) => slot.type.endsWith('-s390x-cpu'))
  )
}

function pluggedVcpu(cpu: CpuFast): PluggedVcpu {
  return { id: cpu['cpu-index'], qomPath: cpu['qom-path'], hostThreadId: cpu['thread-id'] }
}

function nameOf(cpu: CpuFast): string {
  return `cpu-index ${quote(cpu['cpu-index'])} at ${quote(cpu['qom-path'])}`
}
