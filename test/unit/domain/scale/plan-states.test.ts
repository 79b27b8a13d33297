import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CpuMap, fixedSlots } from '../../../../src/bitmap/index.ts'
import { planStates } from '../../../../src/domain/scale/plan-states.ts'
import { thrownBy } from '../../../support/thrown-by.ts'
import { machine, pseries, s390x, x86 } from '../../bitmap/machine/machines.ts'
import { boot, repliesOf, vmOf, type Vm } from '../../bitmap/machine/vm.ts'
import { carriedOut, onlineOf, slotsOf, withFilled } from './model.ts'

const q35 = x86([['core-id', 8]])

function refusal(vm: Vm, map: string, online: boolean): unknown {
  return thrownBy(() => planStates({ slots: slotsOf(vm) }, CpuMap.parse(map), online))
}

describe('planStates', () => {
  test('leaves exactly the ids of the map plugged, or unplugged, and the others as they are', () => {
    fc.assert(
      fc.property(vmOf(machine), fc.boolean(), fc.infiniteStream(fc.boolean()), (vm, online, picks) => {
        const slots = slotsOf(vm)
        const wanted = slots.filter(
          (slot) => picks.next().value && (online || slot.offlinable || slot.qomPath === null),
        )
        const map = CpuMap.from(wanted.flatMap(({ ids }) => [...ids]))
        const before = onlineOf(vm)
        const plan = planStates({ slots }, map, online)
        const after = onlineOf(carriedOut(vm, plan))
        expect(String(after)).toBe(String(online ? before.union(map) : before.difference(map)))
        expect(plan).toMatchObject({ from: before.size, to: after.size })
        const ids = plan.steps.map(({ id }) => id)
        expect(ids).toEqual(ids.toSorted((a, b) => (online ? a - b : b - a)))
        const moved = CpuMap.from(plan.steps.flatMap((step) => [...step.ids]))
        expect(String(moved)).toBe(String(online ? map.difference(before) : map.intersection(before)))
      }),
      { numRuns: 200 },
    )
  })

  test('takes ids in that state already for done, also a part of a slot', () => {
    const vm = boot(pseries(3, 4), 1)
    expect(planStates({ slots: slotsOf(vm) }, CpuMap.parse('1-2,4-7'), true).steps).toMatchObject([
      { id: 4, online: true, reason: 'asked for' },
    ])
    expect(planStates({ slots: slotsOf(vm) }, CpuMap.empty, false)).toEqual({ from: 4, to: 4, steps: [] })
  })
})

describe('a map that cannot be carried out is refused, naming', () => {
  test('all ids that do not exist', () => {
    expect(refusal(withFilled(q35, []), '3,9-10,20', true)).toMatchObject({
      name: 'RefusedError',
      code: 'ERR_NO_SUCH_VCPU',
      outcome: 'not-sent',
      id: 9,
      message: 'vCPU 9-10,20 does not exist: this machine has vCPUs 0-7',
    })
  })

  test('all ids that cannot be unplugged', () => {
    expect(refusal(boot(q35, 3), '0-2', false)).toMatchObject({
      code: 'ERR_NOT_OFFLINABLE',
      id: 0,
      message: 'vCPU 0 cannot be unplugged',
    })
    expect(refusal(boot(s390x(4, false, 0), 3), '1-3', false)).toMatchObject({
      code: 'ERR_NOT_OFFLINABLE',
      id: 1,
      message: 'vCPU 1-2 cannot be unplugged',
    })
  })

  test('each slot that is not whole, and what is missing of it', () => {
    expect(refusal(boot(pseries(4, 4), 1), '4-5,8-11,13', true)).toMatchObject({
      code: 'ERR_PART_OF_SLOT',
      id: 6,
      message:
        'the slot 4-7 only moves as a whole, and 6-7 is missing; the slot 12-15 only moves as a whole, and 12,14-15 is missing',
    })
  })

  test('everything at once', () => {
    expect(refusal(boot(pseries(3, 4), 2), '0-4,99', false)).toMatchObject({
      code: 'ERR_NO_SUCH_VCPU',
      message:
        'vCPU 99 does not exist: this machine has vCPUs 0-11; vCPU 0-3 cannot be unplugged; the slot 4-7 only moves as a whole, and 5-7 is missing',
    })
  })

  test('what a machine without hotplug would have to change', () => {
    const basis = { slots: fixedSlots(repliesOf(boot(q35, 3)).plugged), noHotplug: 'no hot-plugging' }
    expect(planStates(basis, CpuMap.parse('0-2'), true).steps).toEqual([])
    expect(thrownBy(() => planStates(basis, CpuMap.parse('1-2'), false))).toMatchObject({
      code: 'ERR_NO_HOTPLUG',
      message: 'vCPU 1-2 cannot be changed: this machine type has no vCPU hotplug (QEMU: no hot-plugging)',
    })
  })

  test.each([
    ['["2-4",true]', 'ERR_CPU_MAP', '"2-4" is not a CpuMap; CpuMap.parse reads text such as "2-4,6"'],
    ['[null,true]', 'ERR_CPU_MAP', 'null is not a CpuMap; CpuMap.parse reads text such as "2-4,6"'],
  ])('an argument of another type: %s', (text, code, message) => {
    const [map, online] = JSON.parse(text) as [CpuMap, boolean]
    expect(thrownBy(() => planStates({ slots: slotsOf(boot(q35, 2)) }, map, online))).toMatchObject({
      name: 'InputError',
      code,
      message,
    })
  })

  test('a state that is none', () => {
    const online = JSON.parse('"on"') as boolean
    expect(thrownBy(() => planStates({ slots: slotsOf(boot(q35, 2)) }, CpuMap.of(1), online))).toMatchObject({
      code: 'ERR_STATE',
      message: 'the state is "on", expected true (on) or false (off)',
    })
  })
})
