import { onTestFinished } from 'vitest'
import { Domain, type DomainOptions } from '../../src/index.ts'
import {
  SimulatedAgent,
  SimulatedQemu,
  type SimulatedAgentOptions,
  type SimulatedQemuOptions,
} from '../../src/testing/index.ts'
import { testClock } from './passing-clock.ts'

export { until } from './passing-clock.ts'

/** A simulated VM, and a domain connected to it; all is closed when the test ends. */
export interface Vm {
  readonly qemu: SimulatedQemu
  readonly agent: SimulatedAgent
  readonly domain: Domain
}

/** A q35 with two vCPUs of eight, unless told otherwise, and the agent of its guest. All of it in virtual time. */
export async function vm(
  options: Partial<SimulatedQemuOptions> = {},
  agentOptions: SimulatedAgentOptions = {},
  domainOptions: Partial<DomainOptions> | ((peers: Pick<Vm, 'qemu' | 'agent'>) => Partial<DomainOptions>) = {},
): Promise<Vm> {
  const clock = testClock()
  const qemu = new SimulatedQemu({ kind: 'x86', bootVcpus: 2, maxcpus: 8, ...options }, { clock })
  const agent = new SimulatedAgent(qemu.guest, agentOptions)
  const asked = typeof domainOptions === 'function' ? domainOptions({ qemu, agent }) : domainOptions
  const qmp = asked.qmp ?? qemu.connect()
  const qga = 'qga' in asked ? asked.qga : agent.connect()
  const domain = await Domain.connect({ clock, ...asked, qmp, qga })
  onTestFinished(async () => {
    await domain.close()
    await qemu[Symbol.asyncDispose]()
    await agent[Symbol.asyncDispose]()
  })
  return { qemu, agent, domain }
}

/** The commands that could have changed something, as they were received. */
export function changesSent({ commands }: SimulatedQemu | SimulatedAgent): string[] {
  return commands.map(({ command }) => command).filter((command) => /^device_|^guest-set/.test(command))
}
