import type { VcpuSlot } from '../bitmap/machine/vcpu-slot.ts'
import { InputError } from '../errors/input-error.ts'
import type { QgaExecutor } from '../qga/executor.ts'
import type { KnownQmpEvent } from '../qmp/events.ts'
import type { QmpExecutor } from '../qmp/executor.ts'
import type { Deadline } from '../wire/deadline.ts'
import { EventHub } from '../wire/event-stream.ts'
import { TurnQueue } from '../wire/turn-queue.ts'
import { Removals } from './change/removals.ts'
import type { DomainEvent } from './events.ts'
import { ObservedIds } from './guest/observed-ids.ts'
import { readSlots, type SlotReading } from './read-slots.ts'

/** What all parts of a domain share about its VM: the two executors, and what this connection remembers. */
export class Vm {
  readonly qmp: QmpExecutor
  readonly removals: Removals
  readonly observed = new ObservedIds()
  readonly events = new EventHub<DomainEvent>()
  /** Changes of the guest's CPUs run one at a time, apart from QEMU's: a mute guest must not hold up the monitor. */
  readonly guestTurns = new TurnQueue('the guest change before it')
  readonly #qga: QgaExecutor | undefined
  readonly #listeners = new Set<(event: KnownQmpEvent) => void>()

  constructor(qmp: QmpExecutor, qga: QgaExecutor | undefined) {
    this.qmp = qmp
    this.#qga = qga
    this.removals = new Removals(qmp, {
      onReading: (slots) => {
        this.adopt(slots)
      },
      onEnd: (event) => {
        this.events.publish(event)
      },
    })
  }

  /** The agent, where the VM has one. */
  get agent(): QgaExecutor | undefined {
    return this.#qga
  }

  /** @throws {@link InputError} `ERR_NO_AGENT` where there is none */
  requireAgent(): QgaExecutor {
    if (this.#qga !== undefined) return this.#qga
    throw new InputError('ERR_NO_AGENT', 'this needs the guest agent: connect with its channel as `qga` (--qga)')
  }

  /** Read the slots, and take note of what has gone meanwhile. */
  async read(deadline: Deadline): Promise<SlotReading> {
    const reading = await readSlots(this.qmp, deadline)
    this.adopt(reading.slots)
    return reading
  }

  /** Take note of a fresh reading, whoever asked for it. */
  adopt(slots: readonly VcpuSlot[]): void {
    this.removals.adopt(slots)
    this.observed.adopt(slots)
  }

  /** Hear every event that this project knows, until the function returned is called. */
  listen(listener: (event: KnownQmpEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  onEvent(event: KnownQmpEvent): void {
    if (event.event === 'RESET') {
      // A guest that boots again numbers its CPUs again.
      this.observed.clear()
      this.events.publish({ type: 'reset' })
    }
    this.removals.onEvent(event)
    for (const listener of [...this.#listeners]) listener(event)
  }
}
