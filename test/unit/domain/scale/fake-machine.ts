import { CpuMap } from '../../../../src/bitmap/index.ts'
import { GuestChangeError } from '../../../../src/domain/change/guest-change-error.ts'
import type { SetVcpuStateOptions } from '../../../../src/domain/results.ts'
import type { ApplyStep } from '../../../../src/domain/scale/carry-out.ts'
import type { Plan, PlanStep } from '../../../../src/domain/scale/plan-step.ts'
import { planScale } from '../../../../src/domain/scale/plan.ts'
import type { ScaleProgress, SetVcpuStatesOptions } from '../../../../src/domain/scale/progress.ts'
import { ScaleRun } from '../../../../src/domain/scale/scale-run.ts'
import { x86 } from '../../bitmap/machine/machines.ts'
import { boot } from '../../bitmap/machine/vm.ts'
import { slotsOf } from './model.ts'

/** What a step does beside changing its ids: nothing, or it throws. */
export type Act = (step: PlanStep, options: SetVcpuStateOptions) => void | Promise<void>

/** A machine of one vCPU a slot that remembers what it was asked, and does only that. */
export class FakeMachine {
  online: CpuMap
  /** Such as `+2` and `-3`, in the order in which they were asked. */
  readonly asked: string[] = []
  /** The options of each. */
  readonly options: SetVcpuStateOptions[] = []
  readonly #act: Act

  /** @param act - called before the step changes anything */
  constructor(plugged: number, act: Act = () => undefined) {
    this.online = CpuMap.range(0, plugged - 1)
    this.#act = act
  }

  readonly apply: ApplyStep = async (step, options) => {
    this.asked.push(`${step.online ? '+' : '-'}${String(step.ids)}`)
    this.options.push(options)
    await this.#act(step, options)
    const after = step.online ? this.online.union(step.ids) : this.online.difference(step.ids)
    const changed = after.difference(this.online).union(this.online.difference(after))
    this.online = after
    return { changed }
  }

  /** The plan from two or more vCPUs to `target`, of eight. */
  plan(target: number): Plan {
    return planScale({ slots: slotsOf(boot(x86([['core-id', 8]]), this.online.size)) }, target)
  }

  scale(target: number, options: SetVcpuStatesOptions = {}): ScaleRun {
    return new ScaleRun(() => Promise.resolve(this.plan(target)), this.apply, options)
  }
}

/**
 * Fails the step for that id, after it has told what an error of the guest's part says was done; `online` narrows it to
 * its plugging or its unplugging.
 */
export function failAt(id: number, error: unknown, online?: boolean): (...args: Parameters<Act>) => void {
  return (step, { onStep }) => {
    if (step.id !== id || (online !== undefined && step.online !== online)) return
    if (error instanceof GuestChangeError) for (const done of error.steps) onStep?.(done)
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
