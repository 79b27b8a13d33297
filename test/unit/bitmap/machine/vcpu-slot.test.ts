import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { computeSlots, CpuMap, fixedSlots, slotOf } from '../../../../src/bitmap/index.ts'
import { limitSlots } from '../../../../src/bitmap/machine/limits.ts'
import { notCpuIds } from '../ids.ts'
import { repliesOf, vmOf } from './vm.ts'

describe('slotOf', () => {
  it('finds the slot of every id, and none for any other', () => {
    fc.assert(
      fc.property(vmOf(), (vm) => {
        const { hotpluggable, plugged } = repliesOf(vm)
        const slots = computeSlots(hotpluggable, plugged)
        for (const slot of slots) {
          for (const id of slot.ids) expect(slotOf(slots, id)).toBe(slot)
        }
        const end = slots.reduce((sum, { count }) => sum + count, 0)
        for (const id of [end, ...notCpuIds]) expect(slotOf(slots, id)).toBeUndefined()
      }),
    )
  })

  it('finds nothing in a gap or in no slots', () => {
    const slots = fixedSlots([0, 5].map((index) => ({ 'cpu-index': index, 'qom-path': `/${index}`, 'thread-id': 1 })))
    expect(slotOf(slots, 5)).toBe(slots[1])
    for (const id of [1, 4, 6, 0.5]) expect(slotOf(slots, id)).toBeUndefined()
    expect(slotOf([], 0)).toBeUndefined()
  })
})

describe('a slot', () => {
  it('has one shape, plugged or empty, limited or not', () => {
    fc.assert(
      fc.property(vmOf(), (vm) => {
        const { hotpluggable, plugged } = repliesOf(vm)
        const slots = computeSlots(hotpluggable, plugged)
        const limits = [{}, { acpi: 'off' }, { x2apic: false }]
        const all = [...slots, ...fixedSlots(plugged), ...limits.flatMap((each) => limitSlots(slots, each))]
        expect(new Set(all.map((slot) => Object.keys(slot).join())).size).toBeLessThanOrEqual(1)
        expect(new Set(all.map((slot) => Object.getPrototypeOf(slot) as unknown)).size).toBeLessThanOrEqual(1)
      }),
    )
  })

  it('has its ids, in JSON too', () => {
    const [slot] = fixedSlots([{ 'cpu-index': 3, 'qom-path': '/x', 'thread-id': 1 }])
    expect(slot?.ids.equals(CpuMap.of(3))).toBe(true)
    expect(JSON.parse(JSON.stringify(slot))).toEqual({
      firstId: 3,
      count: 1,
      ids: '3',
      type: '',
      props: {},
      qomPath: '/x',
      vcpus: [{ id: 3, qomPath: '/x', hostThreadId: 1 }],
      offlinable: false,
    })
  })
})
