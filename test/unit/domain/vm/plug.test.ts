import { expect, test } from 'vitest'
import { hear, type Plug } from '../../../../src/domain/vm/plug.ts'

const plug: Plug = {
  deviceId: 'cpu5',
  firstId: 5,
  sentAt: { connection: 1, boot: 0, tick: 1 },
  isAccepted: false,
  ack: { type: 'none' },
}
const accepted = { ...plug, isAccepted: true }

test('a report that names the device is about it, also before QEMU has answered', () => {
  const report = { firstId: 5, deviceId: 'cpu5', status: 0 }
  expect(hear(plug, report)).toStrictEqual({ ...plug, ack: { type: 'accepted' } })
  expect(hear(accepted, report)).toStrictEqual({ ...accepted, ack: { type: 'accepted' } })
})

test('any other status is a refusal', () => {
  const report = { firstId: 5, deviceId: 'cpu5', status: 2 }
  expect(hear(plug, report)).toStrictEqual({ ...plug, ack: { type: 'refused', status: 2 } })
})

test('a report about another slot or device is not about it', () => {
  expect(hear(accepted, { firstId: 4, deviceId: 'cpu5', status: 0 })).toBe(accepted)
  expect(hear(accepted, { firstId: 5, deviceId: 'cpu6', status: 0 })).toBe(accepted)
})

test('a report without a name is about it once QEMU has accepted it', () => {
  const report = { firstId: 5, deviceId: undefined, status: 0 }
  expect(hear(plug, report)).toBe(plug)
  expect(hear(accepted, report)).toStrictEqual({ ...accepted, ack: { type: 'accepted' } })
})
