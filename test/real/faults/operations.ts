import { CpuMap } from '../../../src/index.ts'
import { eventually } from '../support/eventually.ts'
import type { Op } from '../random/step.ts'
import { readTruth } from '../random/truth.ts'
import type { World } from '../random/world.ts'

/** The vCPU that operations are about; the machine has it empty at first. */
const ID = 5

/** What a call may take: less than a fault that is healed only after it. */
const BOUNDS = { timeoutMs: 2_500 } as const

/** One call of the first Domain, and the state that it begins in. */
export interface Operation {
  readonly name: string
  /** The vCPUs that are plugged before it and run in the guest, but for `off`. */
  readonly plugged: CpuMap
  /** Those of them that the guest does not run. */
  readonly off?: CpuMap
  readonly op: (world: World) => Op
}

const BOOT = CpuMap.parse('0-1')
const WITH_ID = BOOT.union(CpuMap.of(ID))

/** Everything that a Domain does to a VM or asks it. */
export const OPERATIONS: readonly Operation[] = [
  { name: 'plug', plugged: BOOT, op: () => ({ by: 'A', call: 'set', id: ID, on: true, ...BOUNDS }) },
  {
    name: 'plug into the guest',
    plugged: BOOT,
    op: () => ({ by: 'A', call: 'set', id: ID, on: true, guest: true, ...BOUNDS }),
  },
  { name: 'unplug', plugged: WITH_ID, op: () => ({ by: 'A', call: 'set', id: ID, on: false, ...BOUNDS }) },
  {
    name: 'unplug through the guest',
    plugged: WITH_ID,
    op: () => ({ by: 'A', call: 'set', id: ID, on: false, guest: true, ...BOUNDS }),
  },
  {
    name: 'turn on in the guest',
    plugged: WITH_ID,
    off: CpuMap.of(ID),
    op: (world) => ({ by: 'A', call: 'guest-set', guestId: guestIdOf(world), on: true, ...BOUNDS }),
  },
  {
    name: 'turn off in the guest',
    plugged: WITH_ID,
    op: (world) => ({ by: 'A', call: 'guest-set', guestId: guestIdOf(world), on: false, ...BOUNDS }),
  },
  {
    name: 'scale up in the guest',
    plugged: BOOT,
    op: () => ({ by: 'A', call: 'scale', count: 4, guest: true, ...BOUNDS }),
  },
  {
    name: 'scale down in the guest',
    plugged: WITH_ID.union(CpuMap.of(6)),
    op: () => ({ by: 'A', call: 'scale', count: 2, guest: true, ...BOUNDS }),
  },
  { name: 'maps', plugged: WITH_ID, op: () => ({ by: 'A', call: 'read', what: 'maps', ...BOUNDS }) },
  { name: 'list', plugged: WITH_ID, op: () => ({ by: 'A', call: 'read', what: 'vcpus', ...BOUNDS }) },
  { name: 'doctor', plugged: WITH_ID, op: () => ({ by: 'A', call: 'read', what: 'doctor', ...BOUNDS }) },
]

/** Bring the VM into the state that an operation begins in, by the second Domain. What was asked for earlier may come in between. */
export async function prepare(world: World, { plugged, off = CpuMap.empty }: Operation): Promise<void> {
  const { domain } = world.controllers.B
  await eventually('the VM is as the operation wants it', async () => {
    const online = await domain.getVcpuMap()
    const surplus = online.difference(plugged)
    if (surplus.size > 0) await domain.setVcpuStates(surplus, false, { guest: true })
    // Those that are plugged may be off in the guest.
    for (const id of plugged) await domain.setVcpuState(id, true, { guest: true })
    for (const id of off) {
      const guest = (await domain.vcpus())[id]?.guest
      if (typeof guest?.id === 'number') await domain.setGuestVcpuState(guest.id, false)
    }
    await world.settle()
    world.truth = await readTruth(world.guest)
    return (
      CpuMap.from(world.truth.keys()).equals(plugged) &&
      [...world.truth].every(([id, { guest }]) => guest?.online === !off.has(id))
    )
  })
}

function guestIdOf({ truth }: World): number {
  const id = truth.get(ID)?.guest?.id
  if (id === undefined) throw new Error(`the guest has no CPU for vCPU ${ID}`)
  return id
}
