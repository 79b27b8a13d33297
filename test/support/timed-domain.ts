import { onTestFinished } from 'vitest'
import { Domain, type DomainOptions } from '../../src/index.ts'
import { SimulatedVm, VirtualClock, type SimulatedVmOptions } from '../../src/testing/index.ts'

/** A simulated VM over a virtual clock, and a domain connected to it. */
export interface TimedDomain {
  readonly clock: VirtualClock
  readonly vm: SimulatedVm
  readonly domain: Domain
}

/** A q35 with two vCPUs of eight, unless told otherwise; the domain is closed when the test ends. */
export async function timedDomain(
  vmOptions: Partial<SimulatedVmOptions> = {},
  domainOptions: Partial<DomainOptions> = {},
): Promise<TimedDomain> {
  const clock = new VirtualClock()
  const vm = new SimulatedVm({ machine: { kind: 'x86', bootVcpus: 2, maxcpus: 8 }, clock, ...vmOptions })
  const domain = await clock.run(Domain.connect({ qmp: vm.qmp, qga: vm.qga, clock, ...domainOptions }))
  onTestFinished(() => domain.close())
  return { clock, vm, domain }
}
