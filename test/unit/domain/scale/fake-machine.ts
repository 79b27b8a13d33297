import { CpuMap } from '../../../../src/bitmap/index.ts'
import { GuestChangeError } from '../../../../src/domain/change/guest-change-error.ts'
import type { SetVcpuStateOptions } from '../../../../src/domain/results.ts'
import { countGoal, statesGoal, type Goal } from '../../../../src/domain/scale/goal.ts'
import type { Look, ScaleMachine } from '../../../../src/domain/scale/machine.ts'
import type { Plan, PlanStep } from '../../../../src/domain/scale/plan-step.ts'
import type { ScaleProgress, SetVcpuStatesOptions } from '../../../../src/domain/scale/progress.ts'
import { outcomeOf } from '../../../../src/domain/scale/run-step.ts'
import { ScaleRun } from '../../../../src/domain/scale/scale-run.ts'
import { x86 } from '../../bitmap/machine/machines.ts'
import { slotsOf, withFilled } from './model.ts'

/** What a step does beside changing its ids: nothing, or it throws. */
export type Act = (step: PlanStep, options: SetVcpuStateOptions) => void | Promise<void>

const MACHINE = x86([['core-id', 8]])

/** A machine of one vCPU a slot, eight of them, that remembers what it was asked, and does only that. */
export class FakeMachine implements ScaleMachine {
  online: CpuMap
  /** What the guest runs; `undefined`: it is not asked. */
  running: CpuMap | undefined
  /** Such as `+2` and `-3`, in the order in which they were asked. */
  readonly asked: string[] = []
  /** The options of each. */
  readonly options: SetVcpuStateOptions[] = []
  /** Called before each look; it may throw, or change what the look will see. */
  onLook: (nth: number) => void = () => undefined
  looks = 0
  readonly #act: Act

  /** @param act - called before the step changes anything */
  constructor(plugged: number, act: Act = () => undefined) {
    this.online = CpuMap.range(0, plugged - 1)
    this.#act = act
  }

  readonly check = (): Promise<void> => Promise.resolve()

  readonly look = async (): Promise<Look> => {
    this.onLook(this.looks++)
    return Promise.resolve(this.#now())
  }

  readonly apply: ScaleMachine['apply'] = async (step, options, onSend) => {
    this.asked.push(`${step.online ? '+' : '-'}${String(step.ids)}`)
    this.options.push(options)
    try {
      await this.#act(step, options)
      onSend?.(undefined)
    } catch (error) {
      if (outcomeOf(error) !== 'not-sent') onSend?.(undefined)
      // Its guest's part failed, and QEMU's was done.
      if (leavesPlugged(error)) this.online = this.online.union(step.ids)
      throw error
    }
    const after = step.online ? this.online.union(step.ids) : this.online.difference(step.ids)
    const changed = after.difference(this.online).union(this.online.difference(after))
    this.online = after
    if (this.running === undefined || options.guest !== true) {
      this.running = this.running?.intersection(after)
      return { changed, guest: null }
    }
    const were = this.running
    this.running = step.online ? were.union(step.ids) : were.difference(step.ids)
    return { changed, guest: { changed: this.running.difference(were).union(were.difference(this.running)) } }
  }

  readonly turnOff = (ids: CpuMap): Promise<void> => {
    this.asked.push(`off ${String(ids)}`)
    this.running = this.running?.difference(ids)
    return Promise.resolve()
  }

  /** The plan to `target`, of eight. */
  plan(target: number): Plan {
    return countGoal(target, {}).plan(this.#now())
  }

  run(goal: Goal, options: SetVcpuStatesOptions = {}): ScaleRun {
    return ScaleRun.begin(goal, this, options)
  }

  scale(target: number, options: SetVcpuStatesOptions = {}): ScaleRun {
    return this.run(countGoal(target, {}), options)
  }

  setStates(map: CpuMap, online: boolean, options: SetVcpuStatesOptions = {}): ScaleRun {
    return this.run(statesGoal(map, online), options)
  }

  #now(): Look {
    const { running } = this
    const slots = slotsOf(withFilled(MACHINE, this.online))
    // An unplug that was asked for and of which nothing is known is still open.
    const look = { slots, isRemovalOpen: () => true }
    if (running === undefined) return look
    const sideOf = (id: number) => ({ id, online: running.has(id), canOffline: id !== 0, confidence: 'exact' }) as const
    return { ...look, guest: { running: running.size, sideOf } }
  }
}

function leavesPlugged(error: unknown): boolean {
  if (!(error instanceof GuestChangeError)) return false
  const steps = error.steps.map(({ step }) => step)
  return steps.includes('slot-filled') && !steps.includes('undo')
}

/**
 * Fails the step for that id, after it has told what an error of the guest's part says was done; `online` narrows it to
 * its plugging or its unplugging.
 */
export function failAt(id: number, error: unknown, online?: boolean): (...args: Parameters<Act>) => void {
  return (step, { onStep }) => {
    if (step.id !== id || (online !== undefined && step.online !== online)) return
    if (error instanceof GuestChangeError) for (const done of error.steps) void onStep?.(done)
    throw error
  }
}

/** All progress until it ends, and what it ended with. */
export async function collect(run: ScaleRun): Promise<{ all: ScaleProgress[]; error: unknown }> {
  const all: ScaleProgress[] = []
  try {
    for await (const progress of run) all.push(progress)
  } catch (error) {
    return { all, error }
  }
  return { all, error: undefined }
}

/** One word for each: `started 2`, `done 2`. */
export function told(all: readonly ScaleProgress[]): string[] {
  return all.map((progress) => (progress.type === 'planned' ? progress.type : `${progress.type} ${progress.step.id}`))
}
