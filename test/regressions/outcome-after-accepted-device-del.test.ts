// QEMU had accepted device_del, and only the look after it was refused, or made no sense, or a refusal of the guest had
// been heard before the reply: the call said `rejected`, or nothing, the look-out ended, and the vCPU went later. Seen on
// scripted peers. What must end: an outcome that a later removal proves wrong.
import { expect, test } from 'vitest'
import { QgaClient } from '../../src/index.ts'
import { Refusal, type CommandHandler } from '../../src/testing/index.ts'
import {
  connectSimulated,
  ended,
  errorOf,
  failureOf,
  settle,
  simulate,
  testClock,
  timesReceived,
  TIMEOUT_MS,
  until,
} from './support.ts'

/** eject request, device in use by an application (ACPI 6.5, table 6.62) */
const IN_USE = { slot: '1', 'slot-type': 'CPU', source: 3, status: 0x81 }

test.each<[string, CommandHandler]>([
  [
    'is refused',
    () => {
      throw new Refusal('Out of memory')
    },
  ],
  ['makes no sense', () => 'nonsense'],
])('the look after it %s: unknown, and still pending', async (_, handler) => {
  const { qemu, domain } = await connectSimulated()
  qemu.guest.onUnplug = 'ignore'
  const unhook = qemu.onCommand('query-cpus-fast', (args, usual) =>
    timesReceived(qemu, 'device_del') > 0 ? handler(args, usual) : usual(),
  )
  const error = await failureOf(domain.setVcpuState(1, false, { timeoutMs: TIMEOUT_MS }))
  expect(timesReceived(qemu, 'device_del')).toBe(1)
  expect(error.outcome).toBe('unknown')
  expect(String(domain.pendingRemovals())).toBe('1')
  unhook()
  qemu.completePendingUnplug()
  await until(() => domain.pendingRemovals().size === 0)
})

test('a refusal heard before the reply to device_del is of an earlier request', async () => {
  const { qemu, domain } = await connectSimulated()
  qemu.guest.onUnplug = 'ignore'
  qemu.onCommand('device_del', (_, usual) => {
    qemu.emit('ACPI_DEVICE_OST', { info: IN_USE })
    return usual()
  })
  let isOver = false
  const call = ended(domain.setVcpuState(1, false)).finally(() => {
    isOver = true
  })
  // The domain has had the time to look at the slot, which is still filled.
  const looks = () => isOver || timesReceived(qemu, 'query-cpus-fast') > 2
  await until(looks)
  await settle()
  qemu.completePendingUnplug()
  const end = await call
  expect(qemu.pluggedVcpus).toEqual([0])
  if (end.state === 'done') expect(String(end.value.changed)).toBe('1')
  else expect(errorOf(end).outcome).toBe('unknown')
})

test('an agent’s nonsense in answer to guest-set-vcpus', async () => {
  const { agent } = simulate()
  agent.onCommand('guest-set-vcpus', () => 'nonsense')
  await using client = await QgaClient.connect(agent.connect(), { clock: testClock() })
  const error = await failureOf(client.execute('guest-set-vcpus', { vcpus: [{ 'logical-id': 1, online: false }] }))
  expect(error).toMatchObject({ name: 'ProtocolError', outcome: 'unknown' })
})
