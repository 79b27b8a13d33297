// On a host without time for it a verified plug ended with "which CPU of the guest it is, is not known: other CPUs came or went
// beside it", although none had: its last look at the guest was cut short by the end of the call, and had seen nothing. Seen by
// npm run soak. What must end: a look that saw nothing taken for one that saw too much.
import { expect, test } from 'vitest'
import { Domain } from '../../src/index.ts'
import { SimulatedVm } from '../../src/testing/index.ts'
import { testClock, until } from '../support/passing-clock.ts'

test('an agent that falls silent after the guest took a vCPU: a time-out, and not that other CPUs came or went', async () => {
  const clock = testClock()
  await using vm = new SimulatedVm({
    machine: { kind: 'x86', bootVcpus: 2, maxcpus: 8 },
    clock,
    guest: { onPlug: 'pretend' },
  })
  await using domain = await Domain.connect({ qmp: vm.qmp, qga: vm.qga, clock })
  const plug = domain.setVcpuState(5, true, { guest: true, timeoutMs: 10_000 })
  const end = plug.catch((error: unknown) => error)
  // The guest has said yes and not listed it yet, and a look has seen that.
  await until(() => vm.qemu.commands.some(({ command }) => command === 'device_add'))
  await clock.sleep(1_000)
  vm.stopAgent()
  expect(await end).toMatchObject({ name: 'GuestChangeError', code: 'ERR_TIMEOUT', outcome: 'unknown' })
  expect(String(await end)).toContain('was not known within 10000 ms')
})
