import type { KnownQmpEvent } from '../../../src/qmp/events.ts'
import type { VcpuSlot } from '../../../src/bitmap/machine/vcpu-slot.ts'
import type { Moment } from '../../../src/domain/vm/moment.ts'
import type { Removal } from '../../../src/domain/vm/removal.ts'
import { advance } from '../../../src/domain/vm/advance.ts'
import { initialState, type VmState } from '../../../src/domain/vm/state.ts'

/** The other client of the monitor, among those that ask for a removal. */
export const OTHER = -1

/** A slot as it really is. Devices are numbers: no two are the same. */
export interface TrueSlot {
  device: number | undefined
  /** Who asked for the removal that QEMU has on its list; none: it has none. */
  askers: readonly number[]
  isGuestWorking: boolean
  /** The tick at which we heard last that the guest refuses; 0: never. */
  heardRefusal: number
}

/** A `device_del` that QEMU carried out: what may rightly be called pending. */
export interface Asked {
  readonly device: number
  readonly generation: number
  readonly boot: number
}

export interface Command {
  readonly name: 'query' | 'device_del' | 'device_add'
  /** The caller; `OTHER` for a look. */
  readonly by: number
  readonly slot: number
  /** `device_del`: which one; `device_add`: the new one. */
  readonly device: number
  readonly key: number
  readonly askedAt: Moment
}

export type Message =
  | { readonly type: 'slots'; readonly command: Command; readonly slots: readonly VcpuSlot[] }
  | { readonly type: 'answer'; readonly command: Command; readonly isAccepted: boolean }
  | { readonly type: 'event'; readonly event: KnownQmpEvent; readonly boot: number }

export type Fate = 'sent' | 'taken' | 'done' | 'refused'
export type Ending = 'done' | 'not-sent' | 'rejected' | 'partial' | 'unknown'

export type Phase =
  | 'new'
  | 'queued'
  | 'reading'
  | 'asking'
  | 'rereading'
  | 'confirming'
  | 'waiting'
  // What a promise has, and its continuation has not run yet.
  | 'has-read'
  | 'has-accepted'
  | 'has-refused'
  | 'has-reread'
  | 'has-confirmed'
  | 'has-ended'
  | 'has-failed'
  | 'ended'

/** A call of ours: what it wants, how far it is, and its ledger. */
export interface Caller {
  readonly wants: 'plug' | 'unplug'
  readonly slot: number
  phase: Phase
  key: number
  /** The device that it asked about. */
  device: number
  ledger: readonly Fate[]
  reading: { readonly askedAt: Moment; readonly slots: readonly VcpuSlot[] } | undefined
  end: Removal | 'dropped' | undefined
  ending: Ending | undefined
  changed: readonly number[]
  /** Devices whose removal it waited for, and which ended as another's. */
  yielded: readonly number[]
  /** The look that showed its removal was sent before the refusal was heard which was heard before its answer. */
  isRefusedUnderLook: boolean
  /** Its slot was as it wants it at some moment since it began. */
  sawWanted: boolean
  hasSent: boolean
}

/** How often what need not happen may happen. */
export interface Budget {
  abort: number
  reset: number
  disconnect: number
  newQemu: number
  close: number
  other: number
  lostEvent: number
  doubledEvent: number
  refusal: number
  observe: number
  /** Not used up: events may overtake the answers of the commands that brought them about. */
  early: number
}

export interface World {
  generation: number
  boot: number
  slots: TrueSlot[]
  nextDevice: number
  asked: readonly Asked[]
  /** Devices that were removed, and who had asked for it. */
  gone: readonly { readonly device: number; readonly askers: readonly number[] }[]
  /** Devices that calls plugged: the device and its caller. */
  made: readonly { readonly device: number; readonly by: number }[]
  isUp: boolean
  toQemu: readonly Command[]
  /** Carried out, and QEMU has not written its answer yet: an event may overtake it. */
  owed: Message | undefined
  fromQemu: readonly Message[]
  /** Boot of the last RESET that was heard. */
  heardBoot: number
  hasLostEvent: boolean
  /** A DEVICE_DELETED never came. */
  hasLostDeleted: boolean
  looking: 'no' | 'asked' | { readonly askedAt: Moment; readonly slots: readonly VcpuSlot[] }
  /** An observation under way: when it was asked for, and the boot that it saw. */
  observing: { readonly seenAt: Moment; readonly boot: number | undefined } | undefined
  turn: number | undefined
  callers: Caller[]
  vm: VmState
  budget: Budget
  /** What went wrong within a step. */
  fault: string | undefined
}

const NO_BUDGET: Budget = {
  abort: 0,
  reset: 0,
  disconnect: 0,
  newQemu: 0,
  close: 0,
  other: 0,
  lostEvent: 0,
  doubledEvent: 0,
  refusal: 0,
  observe: 0,
  early: 0,
}

/** What one run explores. */
export interface Scenario {
  readonly name: string
  readonly slots: readonly boolean[]
  readonly calls: readonly (readonly ['plug' | 'unplug', number])[]
  readonly budget: Partial<Budget>
}

export function firstWorld({ slots, calls, budget }: Scenario): World {
  return {
    generation: 1,
    boot: 1,
    slots: slots.map((isFilled, at) => ({
      device: isFilled ? 100 + at : undefined,
      askers: [],
      isGuestWorking: false,
      heardRefusal: 0,
    })),
    nextDevice: 1000,
    asked: [],
    gone: [],
    made: [],
    isUp: true,
    toQemu: [],
    owed: undefined,
    fromQemu: [],
    heardBoot: 0,
    hasLostEvent: false,
    hasLostDeleted: false,
    looking: 'no',
    observing: undefined,
    turn: undefined,
    callers: calls.map(([wants, slot]) => ({
      wants,
      slot,
      phase: 'new',
      key: 0,
      device: 0,
      ledger: [],
      reading: undefined,
      end: undefined,
      ending: undefined,
      changed: [],
      yielded: [],
      isRefusedUnderLook: false,
      sawWanted: false,
      hasSent: false,
    })),
    vm: advance(initialState(), { type: 'connected' }).state,
    budget: { ...NO_BUDGET, ...budget },
    fault: undefined,
  }
}

/** A copy that a step may change. */
export function draft(world: World): World {
  return {
    ...world,
    slots: world.slots.map((slot) => ({ ...slot })),
    callers: world.callers.map((caller) => ({ ...caller })),
    budget: { ...world.budget },
  }
}
