import { resolveQemu, startMachine, type Qemu } from '../../packages/guest-kit/src/index.ts'
import { compare, counted, type Comparison } from '../compare.ts'
import type { Row } from '../row.ts'
import type { Setup } from '../setup/setup.ts'

interface Plugged {
  readonly us: number
  /** Sent for each vCPU. */
  readonly commands: number
}

const FEW = 8
const MANY = 32

/** vCPUs plugged one after the other. */
export const plug: Row = {
  name: 'plug',
  title: 'Plugging',
  text:
    'A real QEMU with its vCPUs stopped, one vCPU at the start, the client in a fresh process. 1 is a raw `device_add` and one ' +
    '`query-hotpluggable-cpus` after each. “for each more”: the slope between 8 and 32 of them, without what the first ones pay.',
  spent:
    'The third command of each plug is `query-cpus-fast`: with the listing of slots it is one reading, after which the vCPU is known to have a thread and the numbers of all others are known to be as they were. ' +
    'Most of the rest of the first eight is what a fresh process compiles; the slope between 8 and 32 has less of it.',
  run: async (setup) => {
    const qemu = await resolveQemu('11', 'x86_64', console.error)
    const all = new Commands()
    const one = (subject: string, slots: number, count: number) => async (): Promise<number> =>
      (await plugged(setup, qemu, all, subject, slots, count)).us
    const slope = (subject: string, slots: number) => async (): Promise<number> => {
      const few = await one(subject, slots, FEW)()
      return ((await one(subject, slots, MANY)()) - few) / (MANY - FEW)
    }
    const { rounds } = setup
    const both = (title: string, run: (subject: string) => () => Promise<number>): Promise<Comparison> =>
      compare({ title, rounds, base: ['raw'], subjects: { raw: run('raw'), 'qemu-vcpu': run('qemu-vcpu') } })
    return [
      await both('1 → 8 of 16 slots', (subject) => one(subject, 16, 7)),
      await both('1 → 8 of 255 slots', (subject) => one(subject, 255, 7)),
      await both('for each more, of 64 slots', (subject) => slope(subject, 64)),
      await both('for each more, of 255 slots', (subject) => slope(subject, 255)),
      counted('commands for each', 'count', { raw: 2, 'qemu-vcpu': all.lowest }),
    ]
  },
}

class Commands {
  lowest = Infinity
}

async function plugged(
  setup: Setup,
  qemu: Qemu,
  all: Commands,
  subject: string,
  slots: number,
  count: number,
): Promise<Plugged> {
  await using machine = await startMachine({ qemu, cpu: 'max', smp: `1,maxcpus=${slots}`, paused: true })
  const result = (await setup.worker('plug', { subject, path: machine.qmpPath, first: 1, count })) as Plugged
  if (subject === 'qemu-vcpu') all.lowest = Math.min(all.lowest, result.commands)
  return result
}
