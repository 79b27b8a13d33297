import { advance } from '../../../src/domain/vm/advance.ts'
import type { VmInput } from '../../../src/domain/vm/input.ts'
import type { DatedReading } from '../../../src/domain/vm/reading.ts'
import type { Removal } from '../../../src/domain/vm/removal.ts'
import type { VmState } from '../../../src/domain/vm/state.ts'
import type { VcpuSlot } from '../../../src/bitmap/machine/vcpu-slot.ts'
import type { Moment } from '../../../src/domain/vm/moment.ts'
import type { World } from './world.ts'

/** Give the real state machine an input, as `VmDriver.take` does: the calls that wait look at each state. */
export function take(world: World, input: VmInput): void {
  world.vm = advance(world.vm, input).state
  checkWaits(world)
}

export function takeReading(world: World, { askedAt, slots }: { askedAt: Moment; slots: readonly VcpuSlot[] }): void {
  const reading: DatedReading = { slots, noHotplug: undefined, target: 'x86_64', askedAt }
  take(world, { type: 'read', reading })
}

export function checkWaits(world: World): void {
  for (const caller of world.callers) {
    if (caller.phase !== 'waiting') continue
    const end = ended(world.vm, caller.key)
    if (end !== undefined) {
      caller.phase = 'has-ended'
      caller.end = end
      const heardRefusal = world.slots[caller.slot]?.heardRefusal ?? 0
      caller.isRefusedUnderLook = world.vm.reading !== undefined && world.vm.reading.askedAt.tick < heardRefusal
    } else if (world.vm.closedBy !== undefined) caller.phase = 'has-failed'
  }
}

/** As in change/unplug.ts. */
function ended({ removals }: VmState, key: number): Removal | 'dropped' | undefined {
  const removal = removals.find((other) => other.key === key)
  if (removal === undefined) return 'dropped'
  return removal.end === undefined ? undefined : removal
}
