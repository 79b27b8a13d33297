// A plug into the guest failed with "its kernel ignores the slot … It stays plugged in QEMU; unplug it to undo that" about a vCPU
// that another client had unplugged, or whose QEMU had been replaced. What must end: an error that says of a device that is not
// there any longer that it stays. Found by faults in operations on a simulated VM.
import { expect, test } from 'vitest'
import { Domain, type OnStep } from '../../src/index.ts'
import { SimulatedVm, VirtualClock } from '../../src/testing/index.ts'

/** Plug vCPU 5 into the guest, and do something once QEMU has filled the slot. */
async function plug(happening: (vm: SimulatedVm) => void) {
  const clock = new VirtualClock()
  const vm = new SimulatedVm({ machine: { kind: 'x86', bootVcpus: 2, maxcpus: 8 }, clock })
  // It says yes and lists nothing, so that the call waits for a while.
  vm.guest.onPlug = 'pretend'
  const domain = await clock.run(Domain.connect({ qmp: vm.qmp, qga: vm.qga, clock }))
  const onStep: OnStep = ({ step }) => {
    if (step === 'guest-acknowledged') happening(vm)
  }
  const end = await clock
    .run(domain.setVcpuState(5, true, { guest: true, onStep, timeoutMs: 20_000 }))
    .catch((error: unknown) => error)
  await domain.close()
  return end
}

test.each<[string, (vm: SimulatedVm) => void]>([
  [
    'another client has unplugged it',
    (vm) => {
      vm.other.unplug(5)
    },
  ],
  [
    'another QEMU is in its place',
    (vm) => {
      vm.restart()
    },
  ],
])('%s: the error says that the slot is empty', async (_, happening) => {
  expect(await plug(happening)).toMatchObject({
    name: 'NotConfirmedError',
    outcome: 'unknown',
    message: expect.stringContaining('vCPU 5 was removed while it was brought up in the guest') as unknown,
  })
})

test('it is there: the error says that it stays', async () => {
  expect(await plug(() => undefined)).toMatchObject({
    code: 'ERR_GUEST_NOT_LISTED',
    outcome: 'partial',
    message: expect.stringContaining('It stays plugged in QEMU') as unknown,
  })
})
