import { ContradictionError } from '../bitmap/errors.ts'
import { computeSlots, fixedSlots } from '../bitmap/slots.ts'
import type { VcpuSlot } from '../bitmap/vcpu-slot.ts'
import { callQmp } from '../qmp/commands.ts'
import type { QmpExecutor } from '../qmp/executor.ts'
import type { Deadline } from '../wire/deadline.ts'
import { CommandError } from '../wire/errors.ts'

/** How often two replies may contradict each other before it counts: the VM may change between two queries. */
const ATTEMPTS = 3

/** What QEMU says of its vCPU slots at one moment. */
export interface SlotReading {
  /** Every slot, ascending. */
  readonly slots: readonly VcpuSlot[]
  /** Why the machine has no vCPU hotplug, in QEMU's own words; `undefined` where it has. */
  readonly noHotplug: string | undefined
  /** QEMU's name of the architecture, such as `x86_64`, where it gives one. */
  readonly target: string | undefined
}

/**
 * Read every slot, plugged or empty.
 *
 * @throws {@link ContradictionError} when the replies contradict each other even after reading again
 * @throws what the executor rejects with
 */
export async function readSlots(qmp: QmpExecutor, deadline: Deadline): Promise<SlotReading> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await readOnce(qmp, deadline)
    } catch (error) {
      if (!(error instanceof ContradictionError) || attempt === ATTEMPTS) throw error
    }
  }
}

async function readOnce(qmp: QmpExecutor, deadline: Deadline): Promise<SlotReading> {
  // Sent back to back, so that as little as possible can happen in between.
  const [hotpluggable, plugged] = await Promise.all([
    callQmp(qmp, 'query-hotpluggable-cpus', undefined, deadline.options()).catch(refusal),
    callQmp(qmp, 'query-cpus-fast', undefined, deadline.options()),
  ])
  const target = plugged[0]?.target
  if (hotpluggable instanceof CommandError) {
    return { slots: fixedSlots(plugged), noHotplug: hotpluggable.description, target }
  }
  return { slots: computeSlots(hotpluggable, plugged), noHotplug: undefined, target }
}

/** A machine without hotplug refuses the query (docs/wire-notes.md): that is an answer. */
function refusal(error: unknown): CommandError {
  if (error instanceof CommandError) return error
  throw error
}
