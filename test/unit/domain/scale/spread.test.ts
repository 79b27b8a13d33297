import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { VcpuSlot } from '../../../../src/bitmap/index.ts'
import type { ScalePolicy } from '../../../../src/domain/scale/order.ts'
import { planScale } from '../../../../src/domain/scale/plan.ts'
import { s390x, x86 } from '../../bitmap/machine/machines.ts'
import { boot, type Vm } from '../../bitmap/machine/vm.ts'
import { anyFilled, carriedOut, slotsOf, smallMachine, withFilled } from './model.ts'

const POLICIES = [
  ['spread-nodes', 'node-id'],
  ['spread-sockets', 'socket-id'],
] as const

type Property = (typeof POLICIES)[number][1]

const twoSockets = x86([['socket-id', 2], ['core-id', 4]]) // prettier-ignore

/** How many vCPUs each node or socket has plugged. */
function loads(slots: readonly VcpuSlot[], isPlugged: (slot: VcpuSlot) => boolean, property: Property): number[] {
  const sums = new Map<unknown, number>()
  for (const slot of slots) {
    const place = slot.props[property]
    sums.set(place, (sums.get(place) ?? 0) + (isPlugged(slot) ? slot.count : 0))
  }
  return [...sums.values()]
}

function spread(all: readonly number[]): number {
  return Math.max(...all) - Math.min(...all)
}

/** Every way to pick `size` of the items. */
function* choices<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  const [first, ...others] = items
  if (size === 0) yield []
  if (size === 0 || first === undefined) return
  for (const rest of choices(others, size - 1)) yield [first, ...rest]
  yield* choices(others, size)
}

/** The smallest difference between the fullest and the emptiest that any choice of that many slots could leave. */
function bestSpread(vm: Vm, moves: number, online: boolean, property: Property): number {
  const slots = slotsOf(vm)
  const movable = slots.filter((slot) => (online ? slot.qomPath === null : slot.offlinable))
  let best = Number.POSITIVE_INFINITY
  for (const chosen of choices(movable, moves)) {
    const isPlugged = (slot: VcpuSlot): boolean => (slot.qomPath !== null) !== chosen.includes(slot)
    best = Math.min(best, spread(loads(slots, isPlugged, property)))
  }
  return best
}

function reasons(vm: Vm, target: number, policy: ScalePolicy): [number, string][] {
  return planScale({ slots: slotsOf(vm) }, target, { policy }).steps.map(({ id, reason }) => [id, reason])
}

describe.each(POLICIES)('%s', (policy, property) => {
  test('leaves the fullest and the emptiest as close as the best choice of slots could', () => {
    fc.assert(
      fc.property(anyFilled(smallMachine), fc.nat(), (vm, pick) => {
        const slots = slotsOf(vm)
        const size = slots[0]?.count ?? 1
        const target = size * (1 + (pick % slots.length))
        const plan = planScale({ slots }, target, { policy })
        const after = slotsOf(carriedOut(vm, plan))
        expect(spread(loads(after, ({ qomPath }) => qomPath !== null, property))).toBe(
          bestSpread(vm, plan.steps.length, target > plan.from, property),
        )
      }),
      { numRuns: 150 },
    )
  })

  test('takes the lowest free slot of each, and gives back the highest that may go', () => {
    fc.assert(
      fc.property(anyFilled(smallMachine), fc.nat(), (vm, pick) => {
        const slots = slotsOf(vm)
        const plan = planScale({ slots }, (slots[0]?.count ?? 1) * (1 + (pick % slots.length)), { policy })
        const placeOf = new Map(slots.map(({ firstId, props }) => [firstId, props[property]]))
        for (const place of new Set(placeOf.values())) {
          const steps = plan.steps.map(({ id }) => id).filter((id) => placeOf.get(id) === place)
          const movable = slots
            .filter(({ qomPath, offlinable }) => (plan.to > plan.from ? qomPath === null : offlinable))
            .map(({ firstId }) => firstId)
            .filter((id) => placeOf.get(id) === place)
          if (plan.to < plan.from) movable.reverse()
          expect(steps).toEqual(movable.slice(0, steps.length))
        }
      }),
    )
  })
})

describe('the reasons', () => {
  test('name the socket, how many are plugged there, and a tie', () => {
    expect(reasons(boot(twoSockets, 2), 6, 'spread-sockets')).toEqual([
      [4, 'socket 1 is the emptiest with a free slot (0 plugged)'],
      [5, 'socket 1 is the emptiest with a free slot (1 plugged)'],
      [2, 'socket 0 is the emptiest with a free slot (2 plugged), lowest of several'],
      [6, 'socket 1 is the emptiest with a free slot (2 plugged)'],
    ])
    expect(reasons(withFilled(twoSockets, [1, 4, 5]), 1, 'spread-sockets')).toEqual([
      [5, 'socket 1 is the fullest of which one can be unplugged (2 plugged), highest of several'],
      [1, 'socket 0 is the fullest of which one can be unplugged (2 plugged)'],
      [4, 'socket 1 is the fullest of which one can be unplugged (1 plugged)'],
    ])
  })

  test('tell no tie between sockets that are passed over', () => {
    const threeSockets = x86([['socket-id', 3], ['core-id', 2]]) // prettier-ignore
    expect(reasons(withFilled(threeSockets, [2]), 3, 'spread-sockets')).toEqual([
      [4, 'socket 2 is the emptiest with a free slot (0 plugged)'],
    ])
  })

  test('are those of the lowest where there is nothing to spread over', () => {
    expect(reasons(boot(twoSockets, 2), 3, 'spread-nodes')).toEqual([[2, 'lowest free slot']])
    expect(reasons(boot(x86([['socket-id', 1], ['core-id', 4]]), 2), 1, 'spread-sockets')).toEqual([[1, 'highest slot that may go']]) // prettier-ignore
  })

  test("tell s390x's sockets apart by book and drawer", () => {
    const steps = reasons(boot(s390x(6, true, 1), 1), 6, 'spread-sockets')
    expect(steps).toHaveLength(5)
    for (const [, reason] of steps) expect(reason).toMatch(/^drawer \d book \d socket \d is the emptiest /)
  })

  test('say so of slots that are in no node, and print what is foreign', () => {
    const slots = slotsOf(boot(x86([['core-id', 3]]), 1)).map((slot, at) => ({
      ...slot,
      ids: slot.ids,
      props: at === 2 ? { ...slot.props, 'node-id': '\u001b[2J' } : slot.props,
    }))
    expect(planScale({ slots }, 3, { policy: 'spread-nodes' }).steps.map(({ reason }) => reason)).toEqual([
      'node "\\u001b[2J" is the emptiest with a free slot (0 plugged)',
      'no node is the emptiest with a free slot (1 plugged)',
    ])
  })
})
