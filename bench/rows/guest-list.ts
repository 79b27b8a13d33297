import { AgentRounds } from '../../test/support/agent-rounds.ts'
import { counted } from '../compare.ts'
import type { Row } from '../row.ts'
import type { Setup } from '../setup/setup.ts'

const CPUS = 240

/** Which CPU of the guest each vCPU is. */
export const guestList: Row = {
  name: 'guest-list',
  title: `The list of ${CPUS} vCPUs with the guest’s side of each`,
  text:
    'Rounds of agent commands, one after the other: what is sent together is one. The simulated guest numbers its CPUs the other way round, and every id of every ' +
    'list is compared with it. 1 is a single round.',
  run: async (setup) => {
    const { first, later } = await rounds(setup)
    return [
      counted('the first list', 'count', { 'one round': 1, 'qemu-vcpu': first }),
      counted('a later list', 'count', { 'one round': 1, 'qemu-vcpu': later }),
    ]
  },
}

async function rounds({ installed }: Setup): Promise<{ readonly first: number; readonly later: number }> {
  const { SimulatedQemu, SimulatedAgent } = installed.testing
  await using qemu = new SimulatedQemu({ kind: 'x86', bootVcpus: 1, maxcpus: CPUS })
  await using agent = new SimulatedAgent(qemu.guest)
  const plugging = await installed.library.Domain.connect({ qmp: qemu.connect() })
  for (let id = CPUS - 1; id > 0; id--) await plugging.setVcpuState(id, true)
  await plugging.close()

  const counter = new AgentRounds()
  await using domain = await installed.library.Domain.connect({
    qmp: qemu.connect(),
    qga: agent.connect(),
    trace: counter.trace,
  })
  const list = async (): Promise<number> => {
    counter.reset()
    const vcpus = await domain.vcpus()
    for (const { id, guest } of vcpus) {
      const truth = qemu.guest.seats.find(({ cpuIndex }) => cpuIndex === id)?.logicalId
      if (guest === null || guest.id !== truth) throw new Error(`vCPU ${id} is CPU ${String(truth)} of the guest`)
      if (id > 0 && guest.id !== CPUS - id) throw new Error(`the guest numbers its CPUs in the same way`)
    }
    return counter.count
  }
  return { first: await list(), later: await list() }
}
