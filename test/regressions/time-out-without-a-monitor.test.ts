// An unplug that ran out of time after QEMU had died said that the guest was working on it and that the request was still pending,
// neither of which could be known. Found by faults in operations on a simulated VM.
import { expect, test } from 'vitest'
import { ConnectionError, Domain } from '../../src/index.ts'
import { SimulatedVm, VirtualClock } from '../../src/testing/index.ts'

/** An unplug that the guest is working on when something happens. */
async function unplug(happening: (vm: SimulatedVm) => void) {
  const clock = new VirtualClock()
  const vm = new SimulatedVm({
    machine: { kind: 'x86', bootVcpus: 2, maxcpus: 8 },
    clock,
    guest: { onUnplug: 'ignore' },
  })
  const domain = await clock.run(Domain.connect({ qmp: vm.qmp, clock }))
  // Shorter than a lost monitor is dialled before waits end for that.
  const end = domain.setVcpuState(1, false, { timeoutMs: 2_000 }).catch((error: unknown) => error)
  await clock.advance(500)
  happening(vm)
  const error = await clock.run(end)
  await domain.close()
  return error
}

test('QEMU has died: what became of the request is not known, and the error has the loss as its cause', async () => {
  const error = await unplug((vm) => {
    vm.kill()
  })
  expect(error).toMatchObject({
    name: 'TimeoutError',
    outcome: 'unknown',
    cause: expect.any(ConnectionError) as unknown,
  })
  expect(error).toHaveProperty('message', expect.stringMatching(/the monitor is lost, and .* is not known$/))
})

test('QEMU is there: the request is pending', async () => {
  expect(await unplug(() => undefined)).toMatchObject({
    name: 'TimeoutError',
    outcome: 'unknown',
    message: expect.stringMatching(/; the request is still pending$/) as unknown,
  })
})
