import { onTestFinished } from 'vitest'
import { Domain, type DomainOptions } from '../../src/index.ts'
import {
  SimulatedAgent,
  SimulatedQemu,
  type SimulatedAgentOptions,
  type SimulatedQemuOptions,
} from '../../src/testing/index.ts'

/** A simulated VM, and a domain connected to it; all is closed when the test ends. */
export interface Vm {
  readonly qemu: SimulatedQemu
  readonly agent: SimulatedAgent
  readonly domain: Domain
}

/** A q35 with two vCPUs of eight, unless told otherwise, and the agent of its guest. */
export async function vm(
  options: Partial<SimulatedQemuOptions> = {},
  agentOptions: SimulatedAgentOptions = {},
  domainOptions: Partial<DomainOptions> = {},
): Promise<Vm> {
  const qemu = new SimulatedQemu({ kind: 'x86', bootVcpus: 2, maxcpus: 8, ...options })
  const agent = new SimulatedAgent(qemu.guest, agentOptions)
  const domain = await Domain.connect({ qmp: qemu.connect(), qga: agent.connect(), ...domainOptions })
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
