// What others may watch of a Domain, through node:diagnostics_channel: its changes as calls, the monitor's events, and its state.
import { channel, tracingChannel } from 'node:diagnostics_channel'
import type { CpuMap } from '../bitmap/set/cpu-map.ts'
import { foreignText, printableValue } from '../errors/quote.ts'
import { VcpuError, type Outcome } from '../errors/vcpu-error.ts'
import type { QmpEvent } from '../qmp/executor.ts'
import { isWatched, publishCall, type CallChannels } from '../wire/telemetry.ts'
import type { ChangeStep } from './results.ts'

/** Name of the tracing channel of changes: `tracingChannel(CHANGE_CHANNEL)` gives {@link ChangeMessage}s. */
export const CHANGE_CHANNEL = 'qemu-vcpu:change'
/** Name of the channel of {@link EventMessage}s. */
export const EVENT_CHANNEL = 'qemu-vcpu:event'
/** Name of the channel of {@link StateMessage}s. */
export const STATE_CHANNEL = 'qemu-vcpu:state'

/**
 * What kind of change it is: one vCPU in QEMU (with its part in the guest, where that is asked for), one CPU of the guest, or
 * several of either, each of which is a change of its own below it.
 */
export type ChangeKind = 'plug' | 'unplug' | 'guest-on' | 'guest-off' | 'scale' | 'guest-scale'

/** One change, from its call (`start`) until it has ended (`asyncEnd`; before that `error` where it failed). */
export interface ChangeMessage {
  /** The Domain's name. */
  readonly vm: string
  readonly change: ChangeKind
  /** In words, such as `plug of vCPU 5`. */
  readonly what: string
  /** The id asked for: QEMU's of `plug` and `unplug`, the guest's of `guest-on` and `guest-off`. */
  readonly id?: number
  /** At its end: `done`, or the outcome of its error. */
  readonly outcome?: 'done' | Outcome
  /** At its end: the ids that it changed, where that is known. */
  readonly changed?: CpuMap
  /** At its end, of `plug` and `unplug`: what was done and seen. */
  readonly steps?: readonly ChangeStep[]
  /** The code of its error. */
  readonly code?: string
  /** What it failed with. */
  readonly error?: unknown
}

/** An event of the monitor, known to this package or not. Text in it is escaped, as in an error's message. */
export interface EventMessage extends QmpEvent {
  /** The Domain's name. */
  readonly vm: string
}

/** A state that a Domain has come into. */
export interface StateMessage {
  /** The Domain's name. */
  readonly vm: string
  readonly state: 'connected' | 'reconnecting' | 'closed'
  /** Of `reconnecting`: why the monitor was lost. */
  readonly cause?: Error
}

const changes: CallChannels<ChangeMessage> = tracingChannel(CHANGE_CHANNEL)
const events = channel(EVENT_CHANNEL)
const states = channel(STATE_CHANNEL)

/** A change that is about to begin. */
export type ChangeBegin = Pick<ChangeMessage, 'vm' | 'change' | 'what' | 'id'>

/**
 * Run a change as a call that subscribers see.
 *
 * @param begin - what it is; only called where there is a subscriber
 * @param steps - what it has done by its end
 * @throws what the task rejects with
 */
export function publishChange<T extends { readonly changed: CpuMap }>(
  begin: () => ChangeBegin,
  task: () => Promise<T>,
  steps?: () => readonly ChangeStep[],
): Promise<T> {
  if (!isWatched(changes)) return task()
  const message: { -readonly [K in keyof ChangeMessage]: ChangeMessage[K] } = begin()
  return publishCall(changes, message, async () => {
    try {
      const result = await task()
      message.outcome = 'done'
      message.changed = result.changed
      return result
    } catch (error) {
      if (error instanceof VcpuError) {
        message.code = error.code
        if (error.outcome !== undefined) message.outcome = error.outcome
        if (hasChanged(error)) message.changed = error.changed
      }
      throw error
    } finally {
      if (steps !== undefined) message.steps = steps()
    }
  })
}

function hasChanged(error: VcpuError): error is VcpuError & { readonly changed: CpuMap } {
  return 'changed' in error && typeof error.changed === 'object'
}

/** What is asked of the driver of a VM. */
interface WatchedVm {
  readonly name: string
  readonly state: { readonly closedBy?: Error | undefined }
}

/** Publish an event as it came; none once the VM's domain is closed. */
export function publishEvent(vm: WatchedVm, { event, data, timestamp }: QmpEvent): void {
  if (!events.hasSubscribers || vm.state.closedBy !== undefined) return
  const shown = printableValue(data)
  const escaped = typeof shown === 'object' && shown !== null ? { ...shown } : {}
  events.publish({ vm: vm.name, event: foreignText(event), data: escaped, timestamp } satisfies EventMessage)
}

/** Publish the state that a VM has come into. */
export function publishState(vm: string, change: Omit<StateMessage, 'vm'>): void {
  if (states.hasSubscribers) states.publish({ vm, ...change } satisfies StateMessage)
}
