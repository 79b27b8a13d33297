import { expect, test } from 'vitest'
import { Domain, type WireTraceEntry } from '../../src/index.ts'
import { SimulatedVm, VirtualClock } from '../../src/testing/index.ts'

/** More answers of the agent than an unplug through the guest takes. */
const MOST_ANSWERS = 12

/** Unplug vCPU 5, the guest's CPU 2, and do something as the agent's nth answer comes. */
async function unplug(nth: number, happening: (vm: SimulatedVm) => void): Promise<SimulatedVm> {
  const clock = new VirtualClock()
  const vm = new SimulatedVm({ machine: { kind: 'x86', bootVcpus: 2, maxcpus: 8 }, clock })
  vm.other.plug(5)
  await clock.advance(1_000)
  vm.other.guestSet(2, true)
  let answers = 0
  const trace = ({ label, direction }: WireTraceEntry): void => {
    if (label === 'qga' && direction === 'in' && ++answers === nth) happening(vm)
  }
  const domain = await clock.run(Domain.connect({ qmp: vm.qmp, qga: vm.qga, clock, trace }))
  // How it ends depends on the moment; what it must not do does not.
  await clock.run(domain.setVcpuState(5, false, { guest: true }).catch((error: unknown) => error))
  await domain.close()
  return vm
}

const everyAnswer = Array.from({ length: MOST_ANSWERS }, (_, at) => at + 1)

// The agent's channel is dialled again and its sync waits for the guest that boots; the command that follows was decided on in
// the boot before, where CPU 2 was another vCPU.
test.each(everyAnswer)('another QEMU at the agent’s answer %i: no CPU of its guest is turned off', async (nth) => {
  const vm = await unplug(nth, (old) => {
    old.restart()
    // It boots with vCPU 3 as its CPU 2.
    old.other.plug(3)
  })
  expect(vm.truth().switches.filter(({ cpuIndex, online }) => cpuIndex !== 5 && !online)).toEqual([])
})

test.each(everyAnswer)('a reset and a rival’s plug at the agent’s answer %i: the same', async (nth) => {
  const vm = await unplug(nth, (old) => {
    old.other.plug(3)
    old.reset()
  })
  expect(vm.truth().switches.filter(({ cpuIndex, online }) => cpuIndex !== 5 && !online)).toEqual([])
})
