import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { computeSlots, fixedSlots, slotOf } from '../../../../src/bitmap/index.ts'
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
