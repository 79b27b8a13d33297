import { resolveQemu, startMachine } from '../../packages/guest-kit/src/index.ts'
import { compare, type Comparison } from '../compare.ts'
import type { Row } from '../row.ts'
import type { Setup } from '../setup/setup.ts'

const CLIENTS = ['floor', 'qemu-vcpu', 'node-qemu', 'qemu-qmp']
/** With the capability that lets commands overtake. It is nothing but another way through QEMU. */
const OOB = 'qemu-vcpu, oob'

interface Trips {
  readonly us: number
  readonly warmUs: number
}

/** One command, and the next when it is answered; and several at once. */
export const roundTrip: Row = {
  name: 'round-trip',
  title: 'Round trips',
  text:
    '`query-status`, over and over, each client in a fresh process: the median of its first thousand calls (over the instant server: of its first five thousand, and of as many bursts as take about as long). The floor is a bare socket ' +
    'that sends ready-made bytes and counts line ends. A floor that has run for long is faster than any fresh process: it is ' +
    'shown as “floor, warm”, and no ratio counts it. The instant server runs on the core of the client.',
  spent:
    'One by one over the instant server, by a CPU profile of such a fresh process: 30 % of its busy time are the system call that sends the command, which the floor pays too, and no function of ours has more than 3. On a real QEMU the same code takes several times as long, that of the peers as well; that the core sleeps between two commands, and code is then run from cold caches, is the likely cause, which was not measured. `oob` is not asked for unless a caller wants it. In eleven rounds of each version (7.2, 10.0 and 11) it took 1.03 to 1.08 of the time for commands one by one, 0.90 to 1.00 for two at a time, as a `Domain` sends them, and 0.77 to 0.85 for eight.',
  run: async (setup) => {
    const real: Comparison[] = []
    for (const version of ['7.2', '10.0', '11'] as const) {
      const qemu = await resolveQemu(version, 'x86_64', console.error)
      await using machine = await startMachine({ qemu, smp: '2,maxcpus=8', paused: true })
      real.push(
        await trips(setup, `QEMU ${machine.qemuVersion}`, machine.qmpPath, 1, setup.calls(1_000), [...CLIENTS, OOB]),
      )
    }
    await using server = await setup.instant({ 'query-status': STATUS }, 'client')
    return [
      ...real,
      await trips(setup, 'instant server', server.path, 1, setup.calls(5_000)),
      await trips(setup, 'instant server, 8 in flight', server.path, 8, setup.calls(2_000)),
      await trips(setup, 'instant server, 64 in flight', server.path, 64, setup.calls(400)),
    ]
  },
}

const STATUS = '{"status": "running", "running": true}'

function trips(
  setup: Setup,
  title: string,
  path: string,
  inFlight: number,
  count: number,
  clients = CLIENTS,
): Promise<Comparison> {
  const measured = (subject: string, warmCount: number): Promise<unknown> =>
    setup.worker('round-trips', { subject, path, inFlight, count, warmCount }, { core: 'client' })
  const subjects = clients.map((subject): [string, () => Promise<number>] => [
    subject,
    async () => ((await measured(subject, 0)) as Trips).us,
  ])
  const warm = async (): Promise<number> => ((await measured('floor', count * 10)) as Trips).warmUs
  return compare({
    title,
    rounds: setup.rounds,
    base: ['floor'],
    subjects: { ...Object.fromEntries(subjects), 'floor, warm': warm },
  })
}
