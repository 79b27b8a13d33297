import type { Clock, Vcpu } from '../../../src/index.ts'
import type { Random } from '../../../src/testing/index.ts'
import { chooseAct, chooseRead, perform, type Act } from '../acts.ts'
import type { Trouble } from '../expectations.ts'
import { fenced, NeverSettledError, pause } from '../fence.ts'
import { judgeCall, judgePicture } from '../judge.ts'
import type { Seat, SeatContext } from '../seat.ts'
import type { End, Tally } from '../tally.ts'
import { SimulatedLife, type Reach } from './life.ts'
import { chooseTrouble, strike, type Struck } from './trouble.ts'

/** Steps that a VM lives for; then its domain is closed, and another VM takes its place. */
const LIFE_STEPS = [20, 80] as const
/** How long a VM may take to be as it was. A fence: nothing here takes more than seconds. */
const RECOVERY_MS = 120_000
const BETWEEN_LOOKS_MS = 100
/** How long a look at the guest may take: a lost reply costs that, and on a host at twice its load an answer takes seconds. */
const GUEST_LOOK_MS = 10_000
/** How long a guest that is up may take to give up a CPU. Asked while it boots, it gives it up at its next scan, maybe never. */
const REMOVAL_MS = 2_000
/** A call may take its time-out and undo what it did; runs of several steps have a bound for each; and a slow host needs some more. */
const FENCE_TIMES = 3
const FENCE_TIMES_OF_RUNS = 20
const RUNS = ['scale', 'states', 'guest-scale']
const SLACK_MS = 60_000

/** A simulated VM after the other, with a client on it. */
export class SimulatedSeat implements Seat {
  readonly name: string
  readonly paceMs: number
  readonly #directory: string | undefined
  readonly #clock: Clock
  readonly #tally: Tally
  readonly #random: Random
  readonly #stop: AbortSignal
  #life: SimulatedLife | undefined
  #left = 0
  #lives = 0

  /** @param directory - where its sockets are; in memory unless given */
  constructor(name: string, paceMs: number, directory: string | undefined, context: SeatContext) {
    this.name = name
    this.paceMs = paceMs
    this.#directory = directory
    this.#clock = context.clock
    this.#tally = context.tally
    this.#random = context.random
    this.#stop = context.stop
  }

  listeners(): number {
    return this.#life?.listeners() ?? 0
  }

  async step(): Promise<void> {
    const life = (this.#life ??= await this.#begin())
    const abort = (): void => {
      life.controller.abort(this.#stop.reason)
    }
    this.#stop.addEventListener('abort', abort)
    try {
      await this.#act(life)
    } finally {
      this.#stop.removeEventListener('abort', abort)
    }
    life.forget()
    if (--this.#left <= 0) await this.close()
  }

  async close(): Promise<void> {
    const life = this.#life
    this.#life = undefined
    this.#note(await life?.end())
  }

  async #begin(): Promise<SimulatedLife> {
    this.#left = this.#random.integer(...LIFE_STEPS)
    this.#tally.happened('life of a VM')
    const reach: Reach = { directory: this.#directory, name: `${this.name}.${++this.#lives}` }
    return SimulatedLife.begin(this.#random, this.#clock, reach)
  }

  async #act(life: SimulatedLife): Promise<void> {
    const random = this.#random
    const trouble = chooseTrouble(random)
    const act = chooseAct(random, life.picture())
    const before = life.truth()
    const struck = strike(life, trouble, random, this.#clock)
    const reason = new Error('the caller lost patience')
    const what = `${JSON.stringify(act)} with '${trouble}'`
    const reading = random.integer(1, 5) === 1 ? this.#call(life, chooseRead(random), struck, reason) : undefined
    const end = await this.#call(life, act, struck, reason)
    const readEnd = await reading
    struck.heal()
    if (trouble !== 'none') this.#tally.happened(trouble)
    if (this.#stop.aborted || end === undefined) return
    if (!(await this.#recover(life, trouble))) {
      this.#note([`after ${what} it has not come back within ${RECOVERY_MS} ms`])
      return
    }
    const after = life.truth()
    // A removal that was asked for while the guest booted, which it does not look at before its next hotplug event.
    const isUnheard = trouble === 'none' && [...before.values()].some(({ mayGo }) => mayGo)
    const happened = { act, trouble: isUnheard ? 'guest-ignores' : trouble, reason, before, after }
    const found = [...judgeCall({ ...happened, end })]
    if (readEnd !== undefined) found.push(...judgeCall({ ...happened, act: { call: 'maps' }, end: readEnd }))
    this.#note(found.map((fault) => `${what}: ${fault} [${life.describe()}]`))
    this.#note((await this.#compare(life)).map((fault) => `after ${what}: ${fault}`))
  }

  /** @returns `undefined` for a call that never settled, which is noted */
  async #call(life: SimulatedLife, act: Act, struck: Struck, reason: Error): Promise<End | undefined> {
    const { timeoutMs, abortAfterMs } = struck
    const impatience = new AbortController()
    const timer =
      abortAfterMs === undefined
        ? undefined
        : this.#clock.after(abortAfterMs, () => {
            impatience.abort(reason)
          })
    const { signal } = abortAfterMs === undefined ? life.controller : impatience
    try {
      const made = perform(life.domain, act, { timeoutMs, signal })
      const times = RUNS.includes(act.call) ? FENCE_TIMES_OF_RUNS : FENCE_TIMES
      const end = await fenced(this.#clock, JSON.stringify(act), times * timeoutMs + SLACK_MS, made)
      this.#tally.ended(act.call, end)
      return end
    } catch (error) {
      if (!(error instanceof NeverSettledError)) throw error
      this.#note([error.message])
      return undefined
    } finally {
      timer?.cancel()
    }
  }

  /** Wait until the VM is up, nothing is on its way out, and both its peers answer. */
  async #recover(life: SimulatedLife, trouble: Trouble): Promise<boolean> {
    if (trouble === 'none') return true
    const clock = this.#clock
    const startMs = clock.now()
    for (;;) {
      const { isAlive, isUp, boot, slots } = life.vm.truth()
      const isPending =
        clock.now() < startMs + REMOVAL_MS && slots.some(({ pendingUnplug }) => pendingUnplug?.boot === boot)
      if (isAlive && isUp && !isPending && (await this.#isReadable(life))) return true
      if (this.#stop.aborted) return true
      if (clock.now() > startMs + RECOVERY_MS) return false
      await pause(clock, BETWEEN_LOOKS_MS)
    }
  }

  async #isReadable({ domain }: SimulatedLife): Promise<boolean> {
    const reads = await Promise.allSettled([
      domain.getVcpuMaps({ timeoutMs: SLACK_MS }),
      domain.getGuestMaps({ timeoutMs: GUEST_LOOK_MS }),
    ])
    return reads.every(({ status }) => status === 'fulfilled')
  }

  /** Two looks at the truth between which nothing happened, and what the domain said meanwhile. */
  async #compare(life: SimulatedLife): Promise<readonly string[]> {
    for (;;) {
      if (this.#stop.aborted) return []
      const [truth, mark] = [life.truth(), life.mark()]
      const vcpus: Vcpu[] = await life.domain.vcpus({ timeoutMs: SLACK_MS, signal: life.controller.signal })
      const found = [...judgePicture(vcpus, truth), ...(await life.follower.compare(truth.keys()))]
      // Events of what happens in the last turns have their reader too.
      if (life.mark() !== mark) {
        life.follower.doubt()
        await pause(this.#clock, BETWEEN_LOOKS_MS)
        continue
      }
      const left = life.signalListeners()
      return left === 0 ? found : [...found, `${left} listeners are left at the signal of its calls`]
    }
  }

  #note(found: readonly string[] = []): void {
    for (const fault of found) this.#tally.foundFalse(this.name, fault)
  }
}
