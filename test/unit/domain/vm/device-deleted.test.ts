import { expect, test } from 'vitest'
import { CPU5, heard, NEW5, ost, removalOf, run, stateOf, timestamp } from './kit.ts'

const deleted = (path: string) => heard({ event: 'DEVICE_DELETED', data: { path }, timestamp })

test('once QEMU has deleted the device, a refusal is about the next one in its slot', () => {
  const other = removalOf({ key: 6, firstId: 8, count: 1, device: { ...NEW5, qomPath: 'other' }, request: 'accepted' })
  const before = stateOf({ removals: [removalOf({ request: 'accepted' }), other] })
  const gone = run(before, deleted(CPU5.qomPath))
  expect(gone.removals).toStrictEqual([removalOf({ request: 'accepted', isGone: true }), other])
  expect(run(gone, ost(0x82)).removals).toStrictEqual(gone.removals)
  const elsewhere = run(before, deleted('/machine/peripheral/disk0'), ost(0x82))
  expect(elsewhere.removals[0]?.refusal).toMatchObject({ tick: 12 })
})
