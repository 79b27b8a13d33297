import { counted, type Comparison } from '../compare.ts'
import type { Row } from '../row.ts'
import { machineReplies } from '../setup/replies.ts'
import type { Setup } from '../setup/setup.ts'

const GIB = 2 ** 30
/** What an honest agent answers. */
const GUEST = { 'guest-get-vcpus': '[{"logical-id":0,"online":true,"can-offline":false}]' }
/** What it is compared with: the growth that is thought bearable. */
const BEARABLE = 32 * 2 ** 20

const FLOODS = [
  ['agent', 'junk'],
  ['agent', 'stale replies'],
  ['agent', 'replies too wide'],
  ['agent', 'replies just narrow enough'],
  ['monitor', 'events'],
] as const

interface Flooded {
  readonly growth: number
  readonly maps: number
  readonly slowestUs: number
}

/** A peer that does not stop sending. */
export const flood: Row = {
  name: 'flood',
  title: 'A flood of 1 GiB',
  text:
    'One socket of a `Domain` sends 1 GiB that no call waits for, as fast as it is read, in a fresh process; its other socket is asked for a map over and over, ' +
    'before and meanwhile. RSS: the highest during the flood less the highest before it, the largest of the rounds; 1 is 32 MiB. The limit of junk, which ends such a connection after 8 MiB, is set aside.',
  run: async (setup) => {
    await using server = await setup.instant({ ...(await machineReplies(setup, 8, 2)), ...GUEST }, 'other')
    const growth: Record<string, number> = { bearable: BEARABLE }
    const maps: Record<string, number> = {}
    for (const [attacks, kind] of FLOODS) {
      const rounds = await measured(setup, { path: server.path, attacks, kind })
      growth[`${kind} from the ${attacks}`] = Math.max(...rounds.map((round) => round.growth))
      maps[`${kind} from the ${attacks}`] = Math.min(...rounds.map((round) => round.maps))
    }
    return [counted('RSS', 'bytes', growth), ...answered(maps)]
  },
}

/** How many maps the other socket gave meanwhile: of each flood alone, since they last differently. */
function answered(maps: Readonly<Record<string, number>>): Comparison[] {
  return Object.entries(maps).map(([flood, count]) =>
    counted(`maps meanwhile: ${flood}`, 'count', { 'qemu-vcpu': count }),
  )
}

async function measured(setup: Setup, request: object): Promise<readonly Flooded[]> {
  const rounds: Flooded[] = []
  for (let round = 0; round < Math.min(setup.rounds, 3); round++) {
    rounds.push((await setup.worker('flood', { ...request, bytes: setup.calls(GIB), warmMs: 4_000 })) as Flooded)
  }
  return rounds
}
