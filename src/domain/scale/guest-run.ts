import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { VcpuError } from '../../errors/vcpu-error.ts'
import type { CallOptions } from '../../wire/call-options.ts'
import type { Deadline } from '../../wire/deadline.ts'
import { changeGuestCpu } from '../change/change-guest-cpu.ts'
import { failureOf } from '../change/failure.ts'
import { Ledger } from '../change/ledger.ts'
import { readGuestMaps } from '../guest/cpus.ts'
import type { Vm } from '../vm/vm.ts'
import { ScaleAbortError } from './errors.ts'
import type { GuestGoal, GuestPlan } from './guest-goal.ts'
import { GuestScaleError } from './guest-scale-error.ts'
import { Stalls } from './stalls.ts'

/** What became of a run in the guest that reached its goal. */
export interface GuestScaleResult {
  /** The guest's ids that this run turned on or off; empty when nothing was to be done. */
  readonly changed: CpuMap
  readonly outcome: 'done'
  /** How many CPUs the guest ran when the run looked last: after its last step. */
  readonly online: number
}

/**
 * Turn CPUs of the guest on or off, one after the other, with a look at the guest's list and a new plan after each.
 *
 * @param deadlineOf - the bounds of one reading, or of one change
 * @throws {@link GuestScaleError} when a step fails, or others undo what is done; nothing further is tried
 * @throws {@link ScaleAbortError} when aborted after something was sent
 * @throws what planning throws; nothing was sent then
 */
export async function runInGuest(
  vm: Vm,
  goal: GuestGoal,
  deadlineOf: (options: CallOptions) => Deadline,
  options: CallOptions,
): Promise<GuestScaleResult> {
  const run = new GuestRun(vm, goal, deadlineOf, options)
  try {
    return await run.run()
  } catch (error) {
    throw error instanceof GuestScaleError || error instanceof ScaleAbortError
      ? error
      : failureOf(error, goal.what, new Ledger(), options.signal)
  }
}

class GuestRun {
  readonly #vm: Vm
  readonly #goal: GuestGoal
  readonly #deadlineOf: (options: CallOptions) => Deadline
  readonly #each: CallOptions
  #changed = CpuMap.empty

  constructor(
    vm: Vm,
    goal: GuestGoal,
    deadlineOf: (options: CallOptions) => Deadline,
    { signal, timeoutMs }: CallOptions,
  ) {
    this.#vm = vm
    this.#goal = goal
    this.#deadlineOf = deadlineOf
    this.#each = { signal, timeoutMs }
  }

  async run(): Promise<GuestScaleResult> {
    let look = await this.#look()
    const stalls = new Stalls(look.plan.ids.length)
    for (let [id] = look.plan.ids; id !== undefined; [id] = look.plan.ids) {
      const { plan } = look
      const { changed } = await this.#within(plan, () =>
        changeGuestCpu(this.#vm, id, plan.online, this.#deadlineOf(this.#each)),
      )
      this.#changed = this.#changed.union(changed)
      look = await this.#within({ ...plan, ids: plan.ids.slice(1) }, () => this.#look(), id)
      if (stalls.isStuck(look.plan.ids.length)) throw this.#failure(look.plan, undefined)
    }
    return { changed: this.#changed, outcome: 'done', online: look.online }
  }

  async #look(): Promise<{ readonly plan: GuestPlan; readonly online: number }> {
    this.#each.signal?.throwIfAborted()
    const maps = await readGuestMaps(this.#vm.requireAgent(), this.#deadlineOf(this.#each))
    return { plan: this.#goal.plan(maps), online: maps.online.size }
  }

  /** @param after - the id whose change was done before; unless given, the first of the plan is the one being changed */
  async #within<T>(plan: GuestPlan, task: () => Promise<T>, after?: number): Promise<T> {
    try {
      return await task()
    } catch (error) {
      const wasSent = this.#changed.size > 0 || (error instanceof VcpuError && error.outcome !== 'not-sent')
      if (after === undefined && !wasSent) throw error
      throw this.#failure(plan, error, after)
    }
  }

  #failure({ online, ids }: GuestPlan, cause: unknown, after?: number): GuestScaleError | ScaleAbortError {
    const [first] = ids
    const failed = after ?? first ?? 0
    const isInDoubt = after === undefined && cause instanceof VcpuError && cause.outcome === 'unknown'
    const inDoubt = isInDoubt ? CpuMap.of(failed) : CpuMap.empty
    const changed = this.#changed
    const { signal } = this.#each
    if (signal?.aborted === true) {
      const outcome = isInDoubt ? 'unknown' : changed.size > 0 ? 'partial' : 'rejected'
      const message = `${this.#goal.what} was aborted; changed: ${changed.size === 0 ? 'none' : String(changed)}`
      return Object.freeze(new ScaleAbortError(message, outcome, signal.reason, { changed, inDoubt }))
    }
    const rest = CpuMap.from(after === undefined && cause !== undefined ? ids.slice(1) : ids)
    return new GuestScaleError({ cause, changed, inDoubt, failed, online, rest, isAfter: after !== undefined })
  }
}
