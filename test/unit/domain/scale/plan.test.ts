import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fixedSlots } from '../../../../src/bitmap/index.ts'
import { NotReachableError } from '../../../../src/domain/scale/errors.ts'
import { SCALE_POLICIES } from '../../../../src/domain/scale/order.ts'
import type { Plan } from '../../../../src/domain/scale/plan-step.ts'
import { planScale } from '../../../../src/domain/scale/plan.ts'
import { thrownBy } from '../../../support/thrown-by.ts'
import { largeMachine, pseries, s390x, x86 } from '../../bitmap/machine/machines.ts'
import { boot, repliesOf, vmOf, type Vm } from '../../bitmap/machine/vm.ts'
import { carriedOut, onlineOf, slotsOf, withFilled } from './model.ts'

const policy = fc.constantFrom(...SCALE_POLICIES)
const q35 = x86([['core-id', 8]])

function vcpusOf({ machine: { slots } }: Vm): number {
  return slots.reduce((sum, { count }) => sum + count, 0)
}

/** Every count that slots of one size can make, worked out without any order. */
function reachableCounts(vm: Vm): number[] {
  const size = vm.machine.slots[0]?.count ?? 1
  const fixed = vm.machine.unplugs ? size : vm.filled.length * size
  const counts = Array.from({ length: vm.machine.slots.length + 1 }, (_, slots) => slots * size)
  return counts.filter((count) => count >= fixed)
}

function planOrRefusal(vm: Vm, target: number, options = {}): Plan | NotReachableError {
  try {
    return planScale({ slots: slotsOf(vm) }, target, options)
  } catch (error) {
    if (error instanceof NotReachableError) return error
    throw error
  }
}

describe('planScale', () => {
  test('ends exactly at the count asked for, or names the nearest that can be reached', () => {
    fc.assert(
      fc.property(vmOf(), fc.nat(), policy, (vm, pick, chosen) => {
        const target = pick % (vcpusOf(vm) + 3)
        const counts = reachableCounts(vm)
        const plan = planOrRefusal(vm, target, { policy: chosen })
        if (plan instanceof NotReachableError) {
          expect(counts).not.toContain(target)
          expect(plan).toMatchObject({ code: 'ERR_NOT_REACHABLE', outcome: 'not-sent', target })
          expect(plan.nearestBelow).toBe(counts.filter((count) => count < target).at(-1))
          expect(plan.nearestAbove).toBe(counts.find((count) => count > target))
          const nearest = [plan.nearestBelow, plan.nearestAbove].filter((count) => count !== undefined)
          expect(nearest).not.toEqual([])
          for (const count of nearest) {
            expect(onlineOf(carriedOut(vm, planScale({ slots: slotsOf(vm) }, count, { policy: chosen }))).size).toBe(
              count,
            )
          }
        } else {
          expect(plan).toMatchObject({ from: onlineOf(vm).size, to: target })
          expect(onlineOf(carriedOut(vm, plan)).size).toBe(target)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('moves whole slots, each once, all in one direction, never a fixed one', () => {
    fc.assert(
      fc.property(vmOf(), fc.nat(), policy, (vm, pick, chosen) => {
        const slots = new Map(slotsOf(vm).map((slot) => [slot.firstId, slot]))
        const counts = reachableCounts(vm)
        const target = counts[pick % counts.length] ?? 0
        const { from, steps } = planScale({ slots: [...slots.values()] }, target, { policy: chosen })
        expect(new Set(steps.map(({ id }) => id)).size).toBe(steps.length)
        for (const { id, ids, online, reason } of steps) {
          const slot = slots.get(id)
          expect(String(ids)).toBe(String(slot?.ids))
          expect(online).toBe(target > from)
          expect(reason).not.toBe('')
          if (online) expect(slot?.qomPath).toBeNull()
          else expect(slot?.offlinable).toBe(true)
        }
        const moved = steps.reduce((sum, { ids }) => sum + ids.size, 0)
        expect(moved).toBe(Math.abs(target - from))
      }),
      { numRuns: 200 },
    )
  })

  test('takes the lowest free slots, and gives back the highest that may go', () => {
    fc.assert(
      fc.property(vmOf(), fc.nat(), (vm, pick) => {
        const slots = slotsOf(vm)
        const counts = reachableCounts(vm)
        const { from, to, steps } = planScale({ slots }, counts[pick % counts.length] ?? 0)
        const movable =
          to > from
            ? slots.filter(({ qomPath }) => qomPath === null)
            : slots.filter(({ offlinable }) => offlinable).reverse()
        expect(steps.map(({ id }) => id)).toEqual(movable.slice(0, steps.length).map(({ firstId }) => firstId))
      }),
      { numRuns: 200 },
    )
  })

  test('does so on the largest machines', () => {
    fc.assert(
      fc.property(vmOf(largeMachine, 40), policy, (vm, chosen) => {
        const target = vcpusOf(vm)
        const plan = planScale({ slots: slotsOf(vm) }, target, { policy: chosen })
        expect(plan).toMatchObject({ to: target })
        expect(new Set(plan.steps.map(({ id }) => id)).size).toBe(vm.machine.slots.length - vm.filled.length)
      }),
      { numRuns: 7 },
    )
  })

  test('has nothing to do when the count is right', () => {
    fc.assert(
      fc.property(vmOf(), policy, (vm, chosen) => {
        const count = onlineOf(vm).size
        expect(planScale({ slots: slotsOf(vm) }, count, { policy: chosen })).toEqual({
          from: count,
          to: count,
          steps: [],
        })
      }),
    )
  })

  test('plans into the holes', () => {
    const vm = withFilled(q35, [1, 5])
    expect(planScale({ slots: slotsOf(vm) }, 6).steps.map(({ id, ids, reason }) => [id, String(ids), reason])).toEqual([
      [2, '2', 'lowest free slot'],
      [3, '3', 'lowest free slot'],
      [4, '4', 'lowest free slot'],
    ])
    expect(planScale({ slots: slotsOf(vm) }, 1).steps).toMatchObject([
      { id: 5, online: false, reason: 'highest slot that may go' },
      { id: 1, online: false, reason: 'highest slot that may go' },
    ])
  })
})

describe('a count that cannot be reached', () => {
  test.each([
    [
      'above all slots',
      boot(q35, 2),
      9,
      8,
      undefined,
      '9 vCPUs cannot be reached: this machine has slots for 8; nearest: 8',
    ],
    [
      'below the boot CPU',
      boot(q35, 2),
      0,
      undefined,
      1,
      '0 vCPUs cannot be reached: vCPU 0 cannot be unplugged; nearest: 1',
    ],
    [
      'where nothing goes',
      boot(s390x(4, false, 0), 3),
      2,
      undefined,
      3,
      '2 vCPUs cannot be reached: vCPU 0-2 cannot be unplugged; nearest: 3',
    ],
    [
      'between two cores, up',
      boot(pseries(3, 4), 1),
      7,
      4,
      8,
      '7 vCPUs cannot be reached: the next slot holds 4 vCPUs, which move as one; nearest: 4 and 8',
    ],
    [
      'between two cores, down',
      boot(pseries(3, 4), 3),
      7,
      4,
      8,
      '7 vCPUs cannot be reached: the next slot holds 4 vCPUs, which move as one; nearest: 4 and 8',
    ],
    [
      'inside the boot core',
      boot(pseries(3, 4), 2),
      3,
      undefined,
      4,
      '3 vCPUs cannot be reached: vCPU 0-3 cannot be unplugged; nearest: 4',
    ],
  ])('%s is refused with the nearest', (_, vm, target, nearestBelow, nearestAbove, message) => {
    const error = thrownBy(() => planScale({ slots: slotsOf(vm) }, target))
    expect(error).toBeInstanceOf(NotReachableError)
    expect(error).toMatchObject({ name: 'NotReachableError', target, nearestBelow, nearestAbove, message })
  })

  test('on a machine without hotplug is every other one, in the words of QEMU', () => {
    const slots = fixedSlots(repliesOf(boot(q35, 3)).plugged)
    const basis = { slots, noHotplug: 'machine does not support hot-plugging CPUs' }
    expect(planScale(basis, 3).steps).toEqual([])
    expect(thrownBy(() => planScale(basis, 4))).toMatchObject({ nearestBelow: 3, nearestAbove: undefined })
    expect(thrownBy(() => planScale(basis, 2))).toMatchObject({
      nearestBelow: undefined,
      nearestAbove: 3,
      message:
        '2 vCPUs cannot be reached: this machine type has no vCPU hotplug (QEMU: machine does not support hot-plugging CPUs); nearest: 3',
    })
  })
})

describe('an argument that no machine could satisfy', () => {
  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('count %s', (target) => {
    expect(thrownBy(() => planScale({ slots: slotsOf(boot(q35, 2)) }, target))).toMatchObject({
      name: 'InputError',
      code: 'ERR_COUNT',
      outcome: 'not-sent',
      message: `${target} is not a count of vCPUs: expected a whole number, on this machine from 1 to 8`,
    })
  })

  test('a policy that there is not', () => {
    const options = JSON.parse('{"policy":"packed"}') as object
    expect(thrownBy(() => planScale({ slots: slotsOf(boot(q35, 2)) }, 3, options))).toMatchObject({
      code: 'ERR_POLICY',
      message: '"packed" is not a policy, expected one of lowest, spread-nodes, spread-sockets',
    })
  })

  test('is told also where nothing is to be done', () => {
    const options = JSON.parse('{"policy":"packed"}') as object
    expect(thrownBy(() => planScale({ slots: slotsOf(boot(q35, 2)) }, 2, options))).toMatchObject({
      code: 'ERR_POLICY',
    })
  })
})
