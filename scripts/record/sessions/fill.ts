import { QmpClient, type CpuFast, type HotpluggableCpu } from '../../../src/qmp/index.ts'
import { shuffled } from '../../../test/support/shuffle.ts'
import { clientOptions, type Peers, type Session } from '../recording.ts'

/** How {@link fill} goes about it. */
export interface FillOptions {
  /** Decides the order, alone. */
  readonly seed: number
  /** Ask for the vCPUs after each plug, and not only at the end. */
  readonly lookAfterEach?: boolean
}

/** The two replies that the maps are computed from. */
export type QueryPair = readonly [readonly HotpluggableCpu[], readonly CpuFast[]]

/**
 * Fills every empty slot of a machine, in an order that the seed decides, and asks QEMU which cpu-index each vCPU got. The
 * device ids only say which plug it was: nothing here knows what the package predicts.
 */
export function fill({ seed, lookAfterEach = true }: FillOptions): Session {
  return async (peers) => {
    const { qmp, step } = peers
    step('connect')
    await using client = await QmpClient.connect(qmp, clientOptions(peers))
    step('before')
    await client.execute('query-version')
    const before = await askPair(client)
    step('fill')
    for (const [at, slot] of shuffled(emptySlots(before), seed).entries()) {
      await client.execute('device_add', { ...slot.props, driver: slot.type, id: `fill-${at}` })
      if (lookAfterEach) await client.execute('query-cpus-fast')
    }
    step('full')
    return { before, full: await askPair(client) }
  }
}

/** For a machine that has nothing to fill: looks at it, and no more. */
export async function look(peers: Peers): Promise<QueryPair> {
  const { qmp, step } = peers
  step('connect')
  await using client = await QmpClient.connect(qmp, clientOptions(peers))
  step('before')
  // Not without await: the client would close first.
  return await askPair(client)
}

async function askPair(client: QmpClient): Promise<QueryPair> {
  return Promise.all([client.execute('query-hotpluggable-cpus'), client.execute('query-cpus-fast')])
}

function emptySlots([slots]: QueryPair): HotpluggableCpu[] {
  return slots.filter((slot) => slot['qom-path'] === undefined)
}
