import { computeSlots, type CpuFast, type HotpluggableCpu } from '../../../../src/bitmap/index.ts'
import type { Replies } from './vm.ts'
import { without } from './without.ts'

/** A good pair of replies spoilt, and what the refusal must say of either side. */
export interface Spoilt extends Replies {
  readonly sides: readonly string[]
}

/** A way to spoil a good pair; `undefined` where this VM has nothing to spoil so. `pick` chooses the victim. */
export type Spoil = (good: Replies, pick: number) => Spoilt | undefined

function pickFrom<T>(items: readonly T[], pick: number): T | undefined {
  return items[pick % items.length]
}

function pathOf(slot: HotpluggableCpu | undefined): string {
  return slot?.['qom-path'] ?? ''
}

function filledSlots({ hotpluggable }: Replies): HotpluggableCpu[] {
  return hotpluggable.filter((slot) => slot['qom-path'] !== undefined)
}

function emptySlots({ hotpluggable }: Replies): HotpluggableCpu[] {
  return hotpluggable.filter((slot) => slot['qom-path'] === undefined)
}

function membersOf({ plugged }: Replies, slot: HotpluggableCpu | undefined): CpuFast[] {
  const path = pathOf(slot)
  return plugged.filter((cpu) => cpu['qom-path'] === path || cpu['qom-path'].startsWith(`${path}/`))
}

/** The slot as QEMU would list it with nothing in it. */
export function emptied(slot: HotpluggableCpu): HotpluggableCpu {
  return without(slot, 'qom-path')
}

function swap<T>(items: readonly T[], before: T | undefined, after: T): T[] {
  return items.map((item) => (item === before ? after : item))
}

/** A slot's or a path's text as a message has it, as far as it can be before the cut. */
export function text(value: unknown): string {
  return JSON.stringify(value).slice(0, 80)
}

const strayPath = '/machine/peripheral/stray'
/** A vCPU at a path that no slot has. */
export const stray = (index: number): CpuFast => ({ 'cpu-index': index, 'qom-path': strayPath, 'thread-id': 1 })

/** Each contradiction that must be refused, by name. */
export const ways: Readonly<Record<string, Spoil>> = {
  'a vCPU that no slot explains': ({ hotpluggable, plugged }) => ({
    hotpluggable,
    plugged: [...plugged, stray(60_000)],
    sides: [`query-cpus-fast has cpu-index 60000 at "${strayPath}"`, 'no slot of query-hotpluggable-cpus'],
  }),
  'a vCPU at a path that only begins like that of a slot': (good, pick) => {
    const slot = pickFrom(filledSlots(good), pick)
    const path = `${pathOf(slot)}0/thread[0]`
    const cpu = { ...stray(60_000), 'qom-path': path }
    return {
      ...good,
      plugged: [...good.plugged, cpu],
      sides: [`cpu-index 60000 at "${path}"`, 'no slot of query-hotpluggable-cpus'],
    }
  },
  'an empty slot whose ids a stray vCPU claims': (good, pick) => {
    const slot = pickFrom(emptySlots(good), pick)
    if (slot === undefined) return undefined
    const found = computeSlots(good.hotpluggable, good.plugged).find(({ props }) => props === slot.props)
    const index = (found?.firstId ?? 0) + (pick % slot['vcpus-count'])
    return {
      ...good,
      plugged: [stray(index), ...good.plugged],
      sides: [`cpu-index ${index} at "${strayPath}"`, `its slot ${text(slot.props)}`, 'is empty'],
    }
  },
  'a slot said to be empty whose vCPUs run': (good, pick) => {
    const slot = pickFrom(filledSlots(good), pick)
    if (slot === undefined) return undefined
    return {
      hotpluggable: swap(good.hotpluggable, slot, emptied(slot)),
      plugged: good.plugged,
      sides: [text(membersOf(good, slot)[0]?.['qom-path']), `its slot ${text(slot.props)}`, 'is empty'],
    }
  },
  'a filled slot whose vCPUs do not run': (good, pick) => {
    const slot = pickFrom(filledSlots(good), pick)
    const members = membersOf(good, slot)
    return {
      ...good,
      plugged: good.plugged.filter((cpu) => !members.includes(cpu)),
      sides: [`at ${text(pathOf(slot))} holds vCPUs: ${members.length}`, 'query-cpus-fast has there: 0'],
    }
  },
  'a filled slot one of whose vCPUs does not run': (good, pick) => {
    const slot = pickFrom(filledSlots(good), pick)
    const members = membersOf(good, slot)
    const gone = pickFrom(members, pick >> 4)
    return {
      ...good,
      plugged: good.plugged.filter((cpu) => cpu !== gone),
      sides: [`at ${text(pathOf(slot))} holds vCPUs: ${members.length}`, `has there: ${members.length - 1}`],
    }
  },
  'a filled slot with a vCPU too many': (good, pick) => {
    const slot = pickFrom(filledSlots(good), pick)
    const count = membersOf(good, slot).length
    const extra = { ...stray(60_000), 'qom-path': `${pathOf(slot)}/thread[${count}]` }
    return {
      ...good,
      plugged: [...good.plugged, extra],
      sides: [`at ${text(pathOf(slot))} holds vCPUs: ${count}`, `has there: ${count + 1}`],
    }
  },
  'two slots with their vCPUs exchanged': (good, pick) => {
    const slots = filledSlots(good)
    const one = membersOf(good, pickFrom(slots, pick))[0]
    const other = membersOf(good, pickFrom(slots, pick + 1))[0]
    if (one === undefined || other === undefined || one === other) return undefined
    const exchanged = swap(good.plugged, one, { ...one, 'cpu-index': other['cpu-index'] })
    return {
      hotpluggable: good.hotpluggable,
      plugged: swap(exchanged, other, { ...other, 'cpu-index': one['cpu-index'] }),
      sides: ['query-cpus-fast has cpu-index', "which the slots' arithmetic denies: slot {"],
    }
  },
  'a vCPU with an index that its slot does not hold': (good, pick) => {
    const cpu = pickFrom(good.plugged, pick)
    if (cpu === undefined) return undefined
    return {
      hotpluggable: good.hotpluggable,
      plugged: swap(good.plugged, cpu, { ...cpu, 'cpu-index': 60_000 }),
      sides: [`cpu-index 60000 at ${text(cpu['qom-path'])}`, `arithmetic denies: slot ${text(cpu.props)}`],
    }
  },
  'one cpu-index twice': (good, pick) => {
    const cpu = pickFrom(good.plugged, pick)
    if (cpu === undefined) return undefined
    const index = cpu['cpu-index']
    return {
      hotpluggable: good.hotpluggable,
      plugged: [...good.plugged, stray(index)],
      sides: [`cpu-index ${index} at ${text(cpu['qom-path'])}`, `again cpu-index ${index} at "${strayPath}"`],
    }
  },
  'one qom-path in two slots': (good, pick) => {
    const slot = pickFrom(filledSlots(good), pick)
    const other = pickFrom(good.hotpluggable, pick >> 4)
    if (slot === undefined || other === undefined || slot === other) return undefined
    return {
      hotpluggable: swap(good.hotpluggable, other, { ...other, 'qom-path': pathOf(slot) }),
      plugged: good.plugged,
      sides: [`has the qom-path ${text(pathOf(slot))}`, `slot ${text(slot.props)}`, `slot ${text(other.props)}`],
    }
  },
  'a slot of no whole number of vCPUs': (good, pick) => {
    const slot = pickFrom(good.hotpluggable, pick)
    const count = pickFrom([0, -1, 1.5, NaN, Infinity], pick >> 4) ?? 0
    if (slot === undefined) return undefined
    return {
      hotpluggable: swap(good.hotpluggable, slot, { ...slot, 'vcpus-count': count }),
      plugged: good.plugged,
      sides: [`vcpus-count ${count} for slot ${text(slot.props)}`, 'at least one'],
    }
  },
  'more vCPUs than ids': (good, pick) => {
    const slot = pickFrom(good.hotpluggable, pick)
    if (slot === undefined) return undefined
    return {
      hotpluggable: swap(good.hotpluggable, slot, { ...slot, 'vcpus-count': 65_537 }),
      plugged: good.plugged,
      sides: [`vCPUs up to slot ${text(slot.props)}`, 'ids end at 65535'],
    }
  },
  'an index that is no id': (good, pick) => {
    const index = pickFrom([-1, 0.5, NaN, 65_536, 2 ** 53], pick) ?? -1
    return {
      ...good,
      plugged: [...good.plugged, stray(index)],
      sides: [`cpu-index ${index} at "${strayPath}"`, 'integers 0 to 65535'],
    }
  },
}
