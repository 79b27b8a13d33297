import type { CpuInstanceProperties } from '../bitmap/machine/replies.ts'
import type { CpuMap } from '../bitmap/set/cpu-map.ts'
import type { CallOptions } from '../wire/call-options.ts'

/** The maps of QEMU's vCPUs (ids are cpu-index) and of the guest's CPUs (ids are the guest's logical ids). */
export const VCPU_MAP_KINDS = [
  'online',
  'onlinable',
  'offlinable',
  'possible',
  'agent-online',
  'agent-offline',
  'agent-offlinable',
  'agent-onlinable',
  'agent-possible',
] as const

/**
 * Which map to get.
 *
 * | kind | the bits set are |
 * | --- | --- |
 * | `online` | vCPUs plugged in QEMU |
 * | `onlinable` | empty slots that QEMU would fill; not those past APIC id 254 of a CPU model without x2APIC, and none with `acpi=off` |
 * | `offlinable` | plugged vCPUs that QEMU can unplug |
 * | `possible` | every slot |
 * | `agent-online` | CPUs that the guest runs |
 * | `agent-offline` | CPUs that it lists and does not run |
 * | `agent-offlinable` | CPUs that it runs and can turn off |
 * | `agent-onlinable` | CPUs that it does not run and can turn on; present ones, where the guest lets us know |
 * | `agent-possible` | all that the agent lists |
 */
export type VcpuMapKind = (typeof VCPU_MAP_KINDS)[number]

/**
 * What a change consists of, in the order in which it happens. `guest-acknowledged` is missing where the guest gives no
 * answer of its own (pseries, s390x), or gives it only after it has listed the vCPU.
 */
export type ChangeStepName =
  | 'offline-in-guest'
  | 'device_add'
  | 'device_del'
  | 'guest-acknowledged'
  | 'slot-filled'
  | 'slot-empty'
  | 'listed-in-guest'
  | 'online-in-guest'
  | 'undo'

/** One step of a change that was carried out. */
export interface ChangeStep {
  readonly step: ChangeStepName
  /** What was seen, in words. */
  readonly detail: string
  /** When, in milliseconds since the change began. */
  readonly atMs: number
}

/** Called with each step as it is done. Where it returns a promise, the change goes on when that settles. */
export type OnStep = (step: ChangeStep) => void | PromiseLike<void>

/** How to plug or unplug one vCPU. */
export interface SetVcpuStateOptions extends CallOptions {
  /** Move the whole slot that holds the id, where QEMU only moves several vCPUs together (a core of pseries). */
  readonly wholeSlot?: boolean | undefined
  /**
   * Carry the change through into the guest, and verify it there: after plugging, wait until the guest lists the vCPU and
   * turn it on; before unplugging, turn off exactly the right CPU of the guest. Needs the agent.
   */
  readonly guest?: boolean | undefined
  /**
   * The id of the device that is plugged: a letter, then letters, digits, `.`, `_` and `-`. Unless given, a fresh one. With
   * an id that is used again, an event that is about the last device of that name may be taken for this one's.
   */
  readonly deviceId?: string | undefined
  /** When the guest's part fails, undo what was done, so that a failure leaves the state that it found. */
  readonly rollback?: boolean | undefined
  /**
   * With `guest`: the least confidence at which a CPU of the guest is touched; `observed` unless given. What is less sure
   * is refused before anything is sent.
   */
  readonly leastConfidence?: Confidence | undefined
  /** How long undoing may take, in milliseconds: a bound of its own; unless given, `timeoutMs` once more. */
  readonly rollbackTimeoutMs?: number | undefined
  /**
   * Called with each step as it is done. Where it returns a promise, the change goes on when that settles, so that a daemon
   * can pin a new vCPU's thread before the guest uses it; its rejection ends the change at that step.
   */
  readonly onStep?: OnStep | undefined
}

/** What became of a change that did not fail. */
export interface ChangeResult {
  /** The ids whose state this call changed; empty when it was that already, and nothing was sent. */
  readonly changed: CpuMap
  readonly outcome: 'done'
  /** The id asked for, and the state it has now. */
  readonly id: number
  readonly online: boolean
}

/** The result of {@link Domain.setVcpuState}. */
export interface VcpuChange extends ChangeResult {
  /** All ids of the slot that holds the id. */
  readonly slot: CpuMap
  /** The id of the device that was plugged or has gone; `null` where it has none, or nothing was changed. */
  readonly deviceId: string | null
  /** With the option `guest`: the guest's ids of the vCPUs, and those among them that were turned on or off. */
  readonly guest: { readonly ids: CpuMap; readonly changed: CpuMap } | null
  /** The host's thread that runs `id`; `null` where the slot is empty now. */
  readonly hostThreadId: number | null
  /** The same for every vCPU of the slot, in the order of `slot`; empty where it is empty now. */
  readonly hostThreadIds: readonly number[]
  /** What was done and seen, step by step; empty when nothing was to be done. */
  readonly steps: readonly ChangeStep[]
}

/** From the surest to the least sure. */
export const CONFIDENCES = ['exact', 'observed', 'computed', 'assumed'] as const

/**
 * How sure it is that a CPU of the guest is a certain vCPU of QEMU:
 *
 * - `exact`: the guest's own `/sys` says so;
 * - `observed`: it was the one that appeared or vanished around a change of ours;
 * - `computed`: it follows from a stated rule;
 * - `assumed`: nothing better is known than that both count from 0.
 */
export type Confidence = (typeof CONFIDENCES)[number]

/** Is `confidence` as good as `least`, or better? */
export function isSureEnough(confidence: Confidence, least: Confidence): boolean {
  return CONFIDENCES.indexOf(confidence) <= CONFIDENCES.indexOf(least)
}

/** The guest's side of a vCPU, where it is known. */
export interface KnownVcpuGuest {
  /** The guest's logical id. */
  readonly id: number
  readonly online: boolean
  /** Does the guest say that it can be turned off and on? */
  readonly canOffline: boolean
  readonly confidence: Confidence
}

/** The guest's side of a vCPU that is not known: it may have a CPU for it, or none. */
export interface UnknownVcpuGuest {
  readonly id: null
  readonly online: null
  readonly confidence: 'unknown'
}

export const UNKNOWN_GUEST: UnknownVcpuGuest = Object.freeze({ id: null, online: null, confidence: 'unknown' })

/** The guest's side of a vCPU that it may have a CPU for. What could not be read is not taken for absent. */
export type VcpuGuest = KnownVcpuGuest | UnknownVcpuGuest

export function isKnown(guest: VcpuGuest | null): guest is KnownVcpuGuest {
  return guest !== null && guest.id !== null
}

/** What to say of each vCPU. */
export interface VcpusOptions extends CallOptions {
  /** `false`: leave the guest alone also where there is an agent, which may be mute. */
  readonly guest?: boolean | undefined
  /**
   * Called when the guest's side cannot be read, in place of a rejection: QEMU's side stands, and the guest's side of each
   * plugged vCPU is not known.
   */
  readonly onGuestError?: ((error: unknown) => void) | undefined
}

/** One vCPU, plugged or not yet. */
export interface Vcpu {
  /** Its cpu-index: its bit's position in the maps. */
  readonly id: number
  /** Plugged in QEMU? */
  readonly online: boolean
  /** Is its slot empty, and would QEMU fill it? */
  readonly onlinable: boolean
  /** Would QEMU let it go? */
  readonly offlinable: boolean
  /** All ids that are plugged and unplugged together with it, ascending. */
  readonly slot: readonly number[]
  /** QEMU's type of the device that its slot takes, such as `qemu64-x86_64-cpu`; `''` on a machine without hotplug. */
  readonly type: string
  /** The device's id; `null` where it has none (`-smp`) or the slot is empty. */
  readonly deviceId: string | null
  /** The vCPU's QOM path; `null` where the slot is empty. */
  readonly qomPath: string | null
  /** Where it sits, in QEMU's own words. */
  readonly props: CpuInstanceProperties
  /** The host's thread that runs it; `null` where the slot is empty. */
  readonly hostThreadId: number | null
  /** Which CPU of the guest it is; `null` where the guest certainly has none for it, and where there is no agent to ask. */
  readonly guest: VcpuGuest | null
}
