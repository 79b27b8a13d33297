import { expect, test } from 'vitest'
import { expectNoFault } from '../../../support/explorer/expect-no-fault.ts'
import { CPU5, heard, NEW5, ost, readingOf, run, slots, stateOf, timestamp } from './kit.ts'

// Still wrong: once QEMU has said that the device of a removal is gone (DEVICE_DELETED), what the guest refuses by the
// number of the slot is about the device that another client has plugged there since. It is taken for a refusal of the
// removal, so that the removal ends without an owner: the call removed the device, and no call has it in \`changed\`.
const sent = { type: 'unplug-sent', caller: 7, firstId: 4, count: 2, device: CPU5 } as const
const deleted = heard({ event: 'DEVICE_DELETED', data: { path: CPU5.qomPath }, timestamp })

test('a refusal after the device is gone is not about it', () => {
  const { removals, now } = run(stateOf(), sent, { type: 'unplug-accepted', key: 11 }, deleted, ost(1))
  const looked = run(stateOf({ removals, now }), { type: 'read', reading: readingOf(now.tick, slots(NEW5)) })
  expect(looked.removals.map(({ end }) => end)).toStrictEqual([{ type: 'removed', owner: 7 }])
})

test('a refusal before that is', () => {
  const { removals, now } = run(stateOf(), sent, { type: 'unplug-accepted', key: 11 }, ost(1), deleted)
  const looked = run(stateOf({ removals, now }), { type: 'read', reading: readingOf(now.tick, slots(undefined)) })
  expect(looked.removals.map(({ end }) => end)).toStrictEqual([{ type: 'removed', owner: undefined }])
})

test('removed, filled again, and then refused for another client', () => {
  expectNoFault(
    {
      name: 'removed, filled again, and then refused for another client',
      slots: [true, true],
      calls: [['unplug', 1]],
      budget: { other: 2 },
    },
    40_000,
  )
})
