import { describe, expect, test } from 'vitest'
import { computeSlots, computeVcpuMaps, slotOf, type VcpuSlot } from '../../../src/bitmap/index.ts'
import { decodeReply, type CpuFast, type HotpluggableCpu } from '../../../src/qmp/index.ts'
import { own } from '../../../src/wire/message.ts'
import { readRecording, recordedFolders } from './recordings.ts'
import { exchangesOf, messagesOf, type Exchange } from './script.ts'

interface Pair {
  readonly hotpluggable: readonly HotpluggableCpu[]
  readonly plugged: readonly CpuFast[]
}

const recorded = recordedFolders().flatMap((folder) => {
  const exchanges = exchangesOf(messagesOf(readRecording(folder).pieces.get('qmp') ?? []))
  const pairs = pairsOf(exchanges)
  return pairs.length === 0 ? [] : [{ folder, exchanges, pairs }]
})
const filled = recorded.filter(({ exchanges }) => exchanges.some(({ args }) => args['id'] === 'fill-0'))

test('there are pairs of many machines, and many that were filled', () => {
  expect(recorded.length).toBeGreaterThanOrEqual(28)
  expect(filled.length).toBeGreaterThanOrEqual(20)
})

describe.each(recorded)('$folder', ({ pairs }) => {
  test('each pair of replies gives slots, with the ids that its reversed order gives', () => {
    for (const { hotpluggable, plugged } of pairs) {
      const slots = computeSlots(hotpluggable, plugged)
      const byProps = new Map(slots.map((slot) => [slot.props, slot.firstId]))
      expect(hotpluggable.map(({ props }) => byProps.get(props))).toEqual(reversedIds(hotpluggable))
      expect(slots.flatMap(({ vcpus }) => vcpus.map(({ id }) => id))).toEqual(
        plugged.map((cpu) => cpu['cpu-index']).sort((a, b) => a - b),
      )
    }
  })
})

describe.each(filled)('$folder, filled', ({ exchanges, pairs }) => {
  const [before] = pairs
  if (before === undefined) throw new Error('a filled machine was asked first what it has')
  const slots = computeSlots(before.hotpluggable, before.plugged)

  test('each empty slot had the index beforehand that QEMU gave it', () => {
    const slotOfDevice = new Map<string, VcpuSlot>()
    const checked = new Set<VcpuSlot>()
    for (const exchange of exchanges) {
      if (exchange.command === 'device_add') {
        const { id, driver, ...props } = exchange.args
        const slot = slots.find((one) => isSame(one.props, props))
        expect(slot).toMatchObject({ type: driver, qomPath: null })
        if (slot !== undefined) slotOfDevice.set(`/machine/peripheral/${String(id)}`, slot)
      }
      if (exchange.command !== 'query-cpus-fast') continue
      for (const [path, slot] of slotOfDevice) {
        // QEMU's own word on which vCPUs the device brought.
        const brought = cpusFast(exchange).filter((cpu) => [cpu['qom-path'], parentOf(cpu['qom-path'])].includes(path))
        const indexes = brought.map((cpu) => cpu['cpu-index']).sort((a, b) => a - b)
        expect(indexes).toEqual([...slot.ids])
        checked.add(slot)
      }
    }
    expect(checked.size).toBe(slots.filter(({ qomPath }) => qomPath === null).length)
  })

  test('in the end, all that was possible is online, and all but the boot slot may go', () => {
    const last = pairs.at(-1) ?? before
    const atFirst = computeVcpuMaps(slots)
    const full = computeSlots(last.hotpluggable, last.plugged)
    const maps = computeVcpuMaps(full)
    expect(String(maps.online)).toBe(String(atFirst.possible))
    expect(String(maps.possible)).toBe(String(atFirst.possible))
    expect(maps.onlinable.size).toBe(0)
    const boot = slotOf(full, 0)?.ids
    const isS390x = last.plugged.some(({ target }) => target === 's390x')
    expect(String(maps.offlinable)).toBe(isS390x || boot === undefined ? '' : String(maps.online.difference(boot)))
  })
})

/** The other way to the ids: QEMU lists its slots in reverse, so a slot's first id is what all behind it hold together. */
function reversedIds(hotpluggable: readonly HotpluggableCpu[]): number[] {
  return hotpluggable.map((_, at) => hotpluggable.slice(at + 1).reduce((sum, slot) => sum + slot['vcpus-count'], 0))
}

/** The replies to the two queries that were asked one right after the other. */
function pairsOf(exchanges: readonly Exchange[]): Pair[] {
  return exchanges.flatMap((exchange, at) => {
    const next = exchanges[at + 1]
    if (exchange.command !== 'query-hotpluggable-cpus' || next?.command !== 'query-cpus-fast') return []
    if (!Object.hasOwn(exchange.reply.value, 'return')) return []
    const hotpluggable = decodeReply('query-hotpluggable-cpus', own(exchange.reply.value, 'return'))
    return [{ hotpluggable, plugged: cpusFast(next) }]
  })
}

function cpusFast({ reply }: Exchange): readonly CpuFast[] {
  return decodeReply('query-cpus-fast', own(reply.value, 'return'))
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}

function isSame(props: VcpuSlot['props'], others: Readonly<Record<string, unknown>>): boolean {
  const names = Object.keys(props)
  return names.length === Object.keys(others).length && names.every((name) => props[name] === others[name])
}
