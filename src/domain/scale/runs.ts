import { timeoutOf, type CallOptions } from '../../wire/call-options.ts'
import { Deadline } from '../../wire/deadline.ts'
import { TurnQueue } from '../../wire/turn-queue.ts'
import { CHANGE_TIMEOUT_MS, setVcpuState } from '../change/set-vcpu-state.ts'
import { requireConfidence } from '../check-input.ts'
import { publishChange } from '../telemetry.ts'
import type { Vm } from '../vm/vm.ts'
import { domainMachine } from './domain-machine.ts'
import { countGoal, type Goal } from './goal.ts'
import type { GuestGoal } from './guest-goal.ts'
import { runInGuest, type GuestScaleResult } from './guest-run.ts'
import type { ScaleMachine } from './machine.ts'
import type { Plan } from './plan-step.ts'
import type { PlanOptions } from './plan.ts'
import type { SetVcpuStatesOptions } from './progress.ts'
import { ScaleRun, type TakeTurn } from './scale-run.ts'
import { named } from '../../errors/vm-names.ts'

/** Changes of several vCPUs of one domain. Runs follow one another; single changes are not held up by them. */
export class Runs {
  readonly #vm: Vm
  readonly #readTimeoutMs: number
  readonly #turns: TurnQueue

  /** @param readTimeoutMs - how long a reading may take that its caller sets no time for */
  constructor(vm: Vm, readTimeoutMs: number) {
    this.#vm = vm
    this.#readTimeoutMs = readTimeoutMs
    this.#turns = new TurnQueue('the run before it', vm.driver.clock)
  }

  /** What a run to that count would do. See {@link Domain.plan}. */
  async plan(count: number, options: PlanOptions & CallOptions): Promise<Plan> {
    const { signal, timeoutMs, guest, leastConfidence } = options
    if (leastConfidence !== undefined) requireConfidence(leastConfidence)
    if (guest === true) this.#vm.requireAgent()
    return countGoal(count, options).plan(await this.#machine(guest).look({ signal, timeoutMs }))
  }

  /**
   * Begin a run.
   *
   * @param asksGuest - the goal is about what the guest runs
   */
  start(goal: Goal, options: SetVcpuStatesOptions, asksGuest: boolean | undefined): ScaleRun {
    const { signal, timeoutMs, leastConfidence, rollbackTimeoutMs } = options
    const takeTurn: TakeTurn = async (task) => {
      if (options.guest === true) this.#vm.requireAgent()
      if (leastConfidence !== undefined) requireConfidence(leastConfidence)
      timeoutOf({ timeoutMs: rollbackTimeoutMs }, CHANGE_TIMEOUT_MS)
      return this.#turns.run(this.#deadline({ signal, timeoutMs }, CHANGE_TIMEOUT_MS), goal.what, task)
    }
    return ScaleRun.begin(goal, this.#machine(asksGuest), options, takeTurn, (task) =>
      named(this.#vm.driver.name, () =>
        publishChange(() => ({ vm: this.#vm.driver.name, change: 'scale', what: goal.what }), task),
      ),
    )
  }

  /** Turn CPUs of the guest on or off. See {@link Domain.scaleGuest}. */
  inGuest(goal: GuestGoal, options: CallOptions): Promise<GuestScaleResult> {
    this.#vm.requireAgent()
    return publishChange(
      () => ({ vm: this.#vm.driver.name, change: 'guest-scale', what: goal.what }),
      () => runInGuest(this.#vm, goal, (each) => this.#deadline(each, CHANGE_TIMEOUT_MS), options),
    )
  }

  #machine(asksGuest = false): ScaleMachine {
    const deadline = (options: CallOptions): Deadline => this.#deadline(options, this.#readTimeoutMs)
    return domainMachine(this.#vm, asksGuest, deadline, (step, each, onSend) =>
      setVcpuState(this.#vm, step.id, step.online, { ...each, deviceId: step.deviceId }, onSend),
    )
  }

  #deadline(options: CallOptions, defaultMs: number): Deadline {
    return new Deadline(options, defaultMs, this.#vm.driver.clock)
  }
}
