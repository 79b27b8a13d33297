import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { VcpuError, type Outcome } from '../../errors/vcpu-error.ts'
import type { ChangeStep, ChangeStepName, OnStep } from '../results.ts'
import type { SetVcpuStateOptions } from '../results.ts'
import { runs, type Account, type Effect, type EffectKind } from './account.ts'
import type { Look, ScaleMachine, StepResult } from './machine.ts'
import type { AtStep } from './progress.ts'

/** One step of a run that failed, and the ids that it plugged or unplugged all the same. */
export class StepFailure {
  readonly error: unknown
  readonly changed: CpuMap

  constructor(error: unknown, changed: CpuMap) {
    this.error = error
    this.changed = changed
  }
}

/**
 * Carry out one step and write down what it did, also when it fails.
 *
 * @returns the ids that it changed
 */
export async function runStep(
  machine: ScaleMachine,
  at: AtStep,
  before: Look,
  options: SetVcpuStateOptions,
  account: Account,
): Promise<CpuMap | StepFailure> {
  const done = new Set<ChangeStepName>()
  const sending: { deviceId: string | undefined; hasSent: boolean } = { deviceId: undefined, hasSent: false }
  const onStep: OnStep = (step: ChangeStep) => {
    done.add(step.step)
    return options.onStep?.(step)
  }
  try {
    const result = await machine.apply(at.step, { ...options, wholeSlot: true, onStep }, (id) => {
      sending.deviceId = id
      sending.hasSent = true
    })
    if (sending.hasSent) account.noteSent()
    return noteResult(account, at, before, result)
  } catch (error) {
    const undoes = options.rollback === true
    const guest = options.guest === true
    return new StepFailure(error, noteFailure(account, at, before, { error, done, undoes, guest, ...sending }))
  }
}

function noteResult(account: Account, at: AtStep, before: Look, { changed, guest = null }: StepResult): CpuMap {
  const { online } = at.step
  const wasTurned = guest !== null && guest.changed.size > 0
  if (wasTurned) account.noteSent()
  // What was plugged already, and was only turned on.
  if (online && changed.size === 0 && wasTurned) {
    const ids = idleIds(at, before)
    account.add({ kind: 'turned-on', ids, ran: false, at })
    return ids
  }
  account.add({
    kind: online ? 'plugged' : 'unplugged',
    ids: changed,
    ran: guest === null ? ranBefore(at, before) : wasTurned,
    at,
  })
  return changed
}

/** How a step failed: with what, what it had done by then, and whether it then tried to undo that. */
interface FailedStep {
  readonly error: unknown
  readonly done: ReadonlySet<ChangeStepName>
  readonly undoes: boolean
  /** Had it a part in the guest? */
  readonly guest: boolean
  /** The device that QEMU was asked to plug. */
  readonly deviceId: string | undefined
  /** It has asked QEMU itself. */
  readonly hasSent: boolean
}

/** @returns the ids that were plugged or unplugged all the same */
function noteFailure(
  account: Account,
  at: AtStep,
  before: Look,
  { error, done, undoes, guest, deviceId, hasSent }: FailedStep,
): CpuMap {
  const { step } = at
  const { online, ids } = step
  const outcome = outcomeOf(error)
  const isGuestStep = step.part === 'guest'
  const wasMoved = !isGuestStep && done.has(online ? 'slot-filled' : 'slot-empty') && !done.has('undo')
  const effect = (kind: EffectKind): Effect => {
    const isInGuest = kind === 'turned-on'
    const own = { kind, ids: isInGuest ? idleIds(at, before) : ids, ran: isInGuest ? false : ranBefore(at, before), at }
    return kind === 'plugged' ? { ...own, deviceId } : own
  }
  const moved = online ? 'plugged' : 'unplugged'
  if (outcome !== 'not-sent') account.noteSent()
  if (wasMoved) account.add(effect(moved))
  if (outcome === 'partial' && !wasMoved)
    account.add(effect(isGuestStep ? 'turned-on' : online ? 'plugged' : 'turned-off'))
  if (outcome === 'unknown') {
    const doubt = effect(isGuestStep || (wasMoved && online) ? 'turned-on' : moved)
    account.doubt({ ...doubt, isJoined: doubt.kind === 'unplugged' && !hasSent })
  }
  // The step's own undoing may still happen: the next look shows whether its request is open.
  if (outcome === 'unknown' && wasMoved && online && undoes) account.doubt(effect('unplugged'))
  // The guest's part came first, and may be done although the vCPU stays plugged.
  const mayBeOff = guest && !online && !wasMoved && ranBefore(at, before) !== false
  if (outcome === 'unknown' && mayBeOff) account.doubt(effect('turned-off'))
  return wasMoved ? ids : CpuMap.empty
}

/** What an error says of its change; one that says nothing leaves it open. */
export function outcomeOf(error: unknown): Outcome {
  return error instanceof VcpuError ? (error.outcome ?? 'unknown') : 'unknown'
}

function ranBefore({ step }: AtStep, before: Look): boolean | undefined {
  const sides = [...step.ids].map((id) => runs(before, id))
  if (sides.includes(true)) return true
  return sides.every((side) => side === false) ? false : undefined
}

/** The step's vCPUs that the guest was not known to run. */
function idleIds({ step }: AtStep, before: Look): CpuMap {
  return CpuMap.from([...step.ids].filter((id) => runs(before, id) !== true))
}
