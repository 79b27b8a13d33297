import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Evidence } from '../../../../src/domain/guest/evidence.ts'
import { observeIds } from '../../../../src/domain/guest/observe.ts'
import type { Device } from '../../../../src/domain/vm/device.ts'
import { BOOT, CPU5, NEW5, slot, stateOf } from '../vm/kit.ts'

const CPU2: Device = { qomPath: '/machine/peripheral/cpu2', hostThreadId: 102 }
const now = { connection: 1, boot: 0, tick: 10 }

interface Shown {
  readonly five?: Device | undefined
  readonly two?: Device | undefined
  /** CPUs that the guest lists and runs, and those that it lists and does not run. */
  readonly on: readonly number[]
  readonly off?: readonly number[]
  readonly isSteady?: boolean
  readonly bootId?: string
  readonly askedAt?: Partial<typeof now>
}

/** Slots 0, 2 and 5 of one vCPU each; the first is plugged. */
function shown({ five, two, on, off = [], isSteady = true, bootId, askedAt }: Shown): Evidence {
  const slots = [slot(0, 1, BOOT), slot(2, 1, two), slot(5, 1, five)]
  const cpus = [
    ...on.map((id) => ({ 'logical-id': id, online: true })),
    ...off.map((id) => ({ 'logical-id': id, online: false })),
  ]
  return {
    reading: { slots, noHotplug: undefined, target: 'x86_64', askedAt: { ...now, ...askedAt } },
    view: { askedAt: now, cpus, byVcpu: new Map(), exact: undefined, isCertain: false, bootId, kernel: undefined },
    isSteady,
  }
}

/** Which CPU of the guest vCPU 5 turned out to be, `undefined` where it cannot be told. */
function idOfFive(before: Shown, after: Shown, device: Device | undefined = CPU5): number | undefined {
  return observeIds(stateOf(), slot(5, 1, device), shown(before), shown(after))?.get(5)?.guestId
}

const BEFORE: Shown = { on: [0] }
const AFTER: Shown = { five: CPU5, on: [0, 1] }

test('what appeared while exactly our slot was filled is ours, dated and with its boot', () => {
  const ids = observeIds(
    stateOf(),
    slot(5, 1, CPU5),
    shown({ ...BEFORE, bootId: 'a' }),
    shown({ ...AFTER, bootId: 'a' }),
  )
  expect(ids).toStrictEqual(new Map([[5, { guestId: 1, device: CPU5, seenAt: now, bootId: 'a' }]]))
})

test('a slot of several has them in order', () => {
  const [none, both] = [undefined, CPU5].map((device): Evidence => {
    const second = slot(4, 2, device)
    const vcpus = device === undefined ? [] : [4, 5].map((id) => ({ id, ...device }))
    const { reading, view } = shown({ on: device === undefined ? [0] : [0, 8, 9] })
    return { reading: { ...reading, slots: [slot(0, 1, BOOT), { ...second, vcpus }] }, view, isSteady: true }
  })
  if (none === undefined || both === undefined) throw new Error('two moments')
  const ids = observeIds(stateOf(), slot(4, 2, CPU5), none, both)
  expect([...(ids ?? [])].map(([index, { guestId }]) => [index, guestId])).toEqual([[4, 8], [5, 9]]) // prettier-ignore
})

test('a guest that lists all it could have: those that it runs count', () => {
  expect(idOfFive({ on: [0], off: [1, 2, 3] }, { five: CPU5, on: [0, 2], off: [1, 3] })).toBe(2)
  // The same ids, once as those listed and once as those that run: not the same thing.
  expect(idOfFive({ on: [0] }, { five: CPU5, on: [0, 2], off: [1, 3] })).toBeUndefined()
})

describe('it cannot be told', () => {
  test.each<[string, Shown, Shown]>([
    ['nothing has appeared yet', BEFORE, { five: CPU5, on: [0] }],
    ['more appeared than vCPUs were plugged', BEFORE, { five: CPU5, on: [0, 1, 2] }],
    ['the guest had one more than QEMU before, which has gone', { on: [0, 3] }, { five: CPU5, on: [0, 3] }],
    ['the guest had fewer than QEMU before', { two: CPU2, on: [0] }, { two: CPU2, five: CPU5, on: [0, 1] }],
    ['the guest lists one of its CPUs twice', BEFORE, { five: CPU5, on: [0, 0] }],
    ['as many as there should be, and one that was there has gone', BEFORE, { five: CPU5, on: [1, 2] }],
    ['another slot was filled too', BEFORE, { five: CPU5, two: CPU2, on: [0, 1, 2] }],
    ['another slot was emptied', { two: CPU2, on: [0, 1] }, { five: CPU5, on: [0, 1] }],
    ['the slot was filled before', { five: CPU5, on: [0, 1] }, { five: CPU5, on: [0, 1] }],
    ['the slot is empty by now', BEFORE, { on: [0] }],
    ['another device is in it', BEFORE, { five: NEW5, on: [0, 1] }],
    ['QEMU changed while the guest was asked, before', { ...BEFORE, isSteady: false }, AFTER],
    ['QEMU changed while the guest was asked, after', BEFORE, { ...AFTER, isSteady: false }],
    ['it was seen in an earlier boot', { ...BEFORE, askedAt: { boot: -1 } }, AFTER],
    ['it is seen in another boot than this one', BEFORE, { ...AFTER, askedAt: { boot: -1 } }],
    ['it was seen over an earlier connection', { ...BEFORE, askedAt: { connection: 0 } }, AFTER],
    ['the guest calls its boot otherwise', { ...BEFORE, bootId: 'a' }, { ...AFTER, bootId: 'b' }],
  ])('when %s', (_what, before, after) => {
    expect(idOfFive(BEFORE, AFTER)).toBe(1)
    expect(idOfFive(before, after)).toBeUndefined()
  })

  test('of a slot without a device', () => {
    expect(observeIds(stateOf(), slot(5, 1, undefined), shown(BEFORE), shown(AFTER))).toBeUndefined()
  })
})

test('whatever the guest lists: only a CPU that is the one newcomer among as many as QEMU has is ours', () => {
  const some = fc.uniqueArray(fc.nat(3), { maxLength: 4 })
  fc.assert(
    fc.property(some, some, (before, after) => {
      const isOne = before.length === 1 && after.length === 2 && before.every((id) => after.includes(id))
      const fresh = after.filter((id) => !before.includes(id))
      expect(idOfFive({ on: before }, { five: CPU5, on: after })).toBe(isOne ? fresh[0] : undefined)
    }),
    { numRuns: 500 },
  )
})
