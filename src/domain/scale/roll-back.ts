import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import type { SetVcpuStateOptions } from '../results.ts'
import type { Account, Effect } from './account.ts'
import type { Journal } from './journal.ts'
import type { ScaleMachine } from './machine.ts'
import { outcomeOf } from './run-step.ts'

/** What a roll-back did. */
export interface RollBack {
  /** The ids that are again as they were. */
  readonly restored: CpuMap
  /** What ended it before it was complete; `undefined` when it is. */
  readonly error: unknown
}

/**
 * Undo what a run did, the last step first, until one cannot be undone. Each is brought back to what was found: what was
 * plugged and off in the guest, and was only turned on, is turned off again and stays plugged.
 *
 * @param kept - the index of the step that failed: its own call has undone what could be undone of it
 * @param options - bounded on their own, without the signal of the caller
 * @param online - how many vCPUs count now
 */
export async function rollBack(
  machine: ScaleMachine,
  account: Account,
  journal: Journal,
  { kept, options, online }: { readonly kept: number; readonly options: SetVcpuStateOptions; readonly online: number },
): Promise<RollBack> {
  let restored = CpuMap.empty
  let count = online
  for (const effect of account.effects.toReversed()) {
    if (effect.at.index === kept) continue
    try {
      await undo(machine, effect, options)
      account.remove(effect.ids, effect.kind)
      restored = restored.union(effect.ids)
      count += effect.kind === 'plugged' || effect.kind === 'turned-on' ? -effect.ids.size : effect.ids.size
      journal.add({ type: 'rolled-back', ...effect.at, restored: effect.ids, online: count })
    } catch (error) {
      journal.add({ type: 'rollback-failed', ...effect.at, error })
      noteFailure(account, effect, error)
      return { restored, error }
    }
  }
  return { restored, error: undefined }
}

async function undo(machine: ScaleMachine, effect: Effect, options: SetVcpuStateOptions): Promise<void> {
  const { kind, ids, ran, at } = effect
  if (kind === 'turned-on') {
    await machine.turnOff(ids, options)
    return
  }
  const online = kind !== 'plugged'
  // What the guest did not run before is not turned on in it.
  const guest = options.guest === true && !(online && ran === false)
  const { id, ids: slotIds } = at.step
  await machine.apply({ id, ids: slotIds, online, reason: 'undo' }, { ...options, guest, wholeSlot: true })
}

/** An undoing that was sent may still happen. */
function noteFailure(account: Account, effect: Effect, error: unknown): void {
  if (outcomeOf(error) !== 'unknown') return
  const kinds = {
    plugged: 'unplugged',
    unplugged: 'plugged',
    'turned-on': 'turned-off',
    'turned-off': 'turned-on',
  } as const
  account.doubt({ ...effect, kind: kinds[effect.kind] })
}
