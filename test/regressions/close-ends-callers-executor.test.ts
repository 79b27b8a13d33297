// On a caller's executor close() ended nothing: a run went on to send six more changes and was done, and an unplug on the
// closed domain worked and was looked after for ever. Seen on a simulated QEMU. What must end: anything sent after
// close(), and any call that it leaves unsettled, whoever owns the connection.
import { expect, test } from 'vitest'
import { hang } from '../../src/testing/index.ts'
import { connectShared, ended, errorOf, failureOf, settle, type Failure, type Shared } from './support.ts'

function expectClosed(error: Failure) {
  const own = error.name === 'ScaleError' ? (error.cause as Failure) : error
  expect(own).toMatchObject({ name: 'ConnectionError', code: 'ERR_CLOSED' })
}

test('a run in the middle', async () => {
  const { qemu, domain, calls } = await connectShared()
  let sent: readonly string[] = []
  let plugs = 0
  qemu.onCommand('device_add', (_, usual) => {
    if (++plugs === 2) {
      void domain.close()
      sent = [...calls]
    }
    return usual()
  })
  expectClosed(errorOf(await ended(domain.scale(8))))
  await settle()
  expect(calls).toEqual(sent)
})

test.each<[string, (vm: Shared) => PromiseLike<unknown>, string | undefined]>([
  ['an unplug that waits for the guest', ({ domain }: Shared) => domain.setVcpuState(1, false), 'unknown'],
  ['a plug that waits for QEMU', ({ domain }: Shared) => domain.setVcpuState(5, true), 'unknown'],
  ['a plug that waits for the guest', ({ domain }: Shared) => domain.setVcpuState(6, true, { guest: true }), undefined],
  ['a guest CPU', ({ domain }: Shared) => domain.setGuestVcpuState(1, false), 'unknown'],
  ['a map', ({ domain }: Shared) => domain.getGuestMaps(), undefined],
])('%s', async (what, call, outcome) => {
  const vm = await connectShared()
  vm.qemu.guest.onUnplug = 'ignore'
  vm.qemu.guest.onPlug = 'ignore'
  if (what === 'a plug that waits for QEMU') vm.qemu.onCommand('device_add', hang)
  if (what === 'a guest CPU') vm.agent.onCommand('guest-set-vcpus', hang)
  if (what === 'a map') vm.agent.onCommand('guest-get-vcpus', hang)
  const pending = ended(call(vm))
  await settle()
  await vm.domain.close()
  const sent = [...vm.calls]
  const error = errorOf(await pending)
  expect(error.code).toBe('ERR_CLOSED')
  if (outcome !== undefined) expect(error.outcome).toBe(outcome)
  await settle()
  expect(vm.calls).toEqual(sent)
})

test.each([
  ['setVcpuState', ({ domain }: Shared) => domain.setVcpuState(1, false)],
  ['setVcpuState, already so', ({ domain }: Shared) => domain.setVcpuState(1, true)],
  ['setGuestVcpuState', ({ domain }: Shared) => domain.setGuestVcpuState(1, false)],
  ['scale', ({ domain }: Shared) => domain.scale(4)],
  ['plan', ({ domain }: Shared) => domain.plan(4)],
  ['getVcpuMap', ({ domain }: Shared) => domain.getVcpuMap()],
  ['getGuestMaps', ({ domain }: Shared) => domain.getGuestMaps()],
  ['vcpus', ({ domain }: Shared) => domain.vcpus()],
  ['doctor', ({ domain }: Shared) => domain.doctor()],
] as const)('%s on a closed domain sends nothing', async (_, call) => {
  const vm = await connectShared()
  await vm.domain.close()
  const sent = [...vm.calls]
  expectClosed(await failureOf(call(vm)))
  expect(vm.calls).toEqual(sent)
})
