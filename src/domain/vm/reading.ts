import { ContradictionError } from '../../errors/contradiction-error.ts'
import { CommandError } from '../../errors/peer-errors.ts'
import { lacksAcpi, limitSlots } from '../../bitmap/machine/limits.ts'
import { computeSlots, fixedSlots } from '../../bitmap/machine/slots.ts'
import type { VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { callQmp } from '../../qmp/commands.ts'
import type { QmpExecutor } from '../../qmp/executor.ts'
import type { Deadline } from '../../wire/deadline.ts'
import { MachineFacts } from './machine-facts.ts'
import type { Moment } from './moment.ts'

/**
 * How long to wait before each further reading when two replies contradict each other, in milliseconds: the VM may change
 * between two queries, and a core of pseries goes thread by thread, with milliseconds in between (docs/wire-notes.md).
 */
const PAUSES_MS = [0, 10, 40, 150]

/** What QEMU says of its vCPU slots at one moment. */
export interface SlotReading {
  /** Every slot, ascending. */
  readonly slots: readonly VcpuSlot[]
  /** Why the machine has no vCPU hotplug, in QEMU's own words; `undefined` where it has. */
  readonly noHotplug: string | undefined
  /** x86: it is the machine's ACPI that is off; the slots are listed all the same. */
  readonly acpiOff?: boolean
  /** QEMU's name of the architecture, such as `x86_64`, where it gives one. */
  readonly target: string | undefined
}

/** A reading of all slots, and when it was asked for: what it says may be older than its arrival. */
export interface DatedReading extends SlotReading {
  readonly askedAt: Moment
}

/**
 * Read every slot, plugged or empty.
 *
 * @param now - the moment at which QEMU is asked
 * @param pause - waits between two readings; it throws what ends them
 * @param facts - of the machine
 * @throws {@link ContradictionError} when the replies contradict each other even after reading again
 * @throws what the executor rejects with
 */
export async function readSlots(
  qmp: QmpExecutor,
  deadline: Deadline,
  now: () => Moment,
  pause: (ms: number) => Promise<void>,
  facts: MachineFacts = new MachineFacts(),
): Promise<DatedReading> {
  for (const pauseMs of PAUSES_MS) {
    try {
      return await readOnce(qmp, deadline, now, facts)
    } catch (error) {
      if (!(error instanceof ContradictionError) || deadline.leftMs <= pauseMs) throw error
      await pause(pauseMs)
    }
  }
  return readOnce(qmp, deadline, now, facts)
}

async function readOnce(
  qmp: QmpExecutor,
  deadline: Deadline,
  now: () => Moment,
  facts: MachineFacts = new MachineFacts(),
): Promise<DatedReading> {
  const askedAt = now()
  // Sent back to back, so that as little as possible can happen in between.
  const [hotpluggable, plugged] = await Promise.all([
    callQmp(qmp, 'query-hotpluggable-cpus', undefined, deadline.options()).catch(refusal),
    callQmp(qmp, 'query-cpus-fast', undefined, deadline.options()),
  ])
  const target = plugged[0]?.target
  if (hotpluggable instanceof CommandError) {
    if (!(await facts.isWithoutHotplug(qmp, hotpluggable, askedAt, deadline))) throw hotpluggable
    return { slots: fixedSlots(plugged), noHotplug: hotpluggable.description, target, askedAt }
  }
  const listed = computeSlots(hotpluggable, plugged)
  const limits = await facts.limits(qmp, listed, target, askedAt, deadline)
  const slots = limitSlots(listed, limits)
  if (!lacksAcpi(limits)) return { slots, noHotplug: undefined, target, askedAt }
  return { slots, noHotplug: 'acpi is "off"', acpiOff: true, target, askedAt }
}

/** A machine without hotplug refuses the query (docs/wire-notes.md): that may be an answer. */
function refusal(error: unknown): CommandError {
  if (error instanceof CommandError) return error
  throw error
}
