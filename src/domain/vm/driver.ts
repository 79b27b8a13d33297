// The one place that speaks to the monitor and that changes what is known of the VM.
//
//   requests of callers ──┐                                ┌─▶ waits: predicates on the state
//   replies of QEMU ──────┼─▶ take() ─▶ advance() ─▶ state ─┼─▶ feed: what became of it
//   events, connection ───┘             (pure)             └─▶ looks, at a bounded rate
//
// Everything that happens goes through take(), one input after the other: nothing reacts from within somebody else's
// callback. A look is a reading that no call asked for: at most one is under way and one wanted (look-pace).
import { ConnectionError, TimeoutError } from '../../errors/peer-errors.ts'
import type { QmpExecutor } from '../../qmp/executor.ts'
import { inBackground } from '../../wire/background.ts'
import type { Clock, Timer } from '../../wire/clock.ts'
import { Deadline } from '../../wire/deadline.ts'
import { EventHub, type EventStream } from '../../wire/event-stream.ts'
import { LazyAbort } from '../../wire/lazy-abort.ts'
import { publishLimit } from '../../wire/telemetry.ts'
import { TurnQueue } from '../../wire/turn-queue.ts'
import { requireLimits, type DomainLimits } from '../limits.ts'
import { publishState } from '../telemetry.ts'
import { laterOf } from './adopt-reading.ts'
import { advance } from './advance.ts'
import { Feed } from './feed.ts'
import { mayChangeSlots } from './holds-still.ts'
import type { VmInput } from './input.ts'
import { LookFailures } from './look-failures.ts'
import { LookPace } from './look-pace.ts'
import type { Moment } from './moment.ts'
import type { DomainEvent } from './news.ts'
import { MachineFacts } from './machine-facts.ts'
import { requireFewVcpus } from './most-vcpus.ts'
import { phaseChangeOf, phaseOf, type DomainStateChange } from './phase.ts'
import { readSlots, type DatedReading } from './reading.ts'
import { initialState, pendingIds, type VmState } from './state.ts'
import { hasNewVerdict } from './verdicts.ts'
import { Waits, type Predicate, type WaitOptions } from './waits.ts'

/** How long one look may take, in milliseconds. */
const LOOK_TIMEOUT_MS = 10_000
/** For how long a reading may stand for one that is made now, in milliseconds: not every change by others is heard. */
const CURRENT_MS = 1_000

/** Drives what is known of one VM. */
export class VmDriver {
  /** Sending takes a turn: from the reading that a change is decided on until QEMU has answered it. */
  readonly turns: TurnQueue
  readonly clock: Clock
  /** What the VM is called. */
  readonly name: string
  /** Most vCPU ids of QEMU, and CPUs of the guest, that are taken in. */
  readonly maxVcpus: number
  /** Aborted when the domain closes: what the driver itself has under way ends with it. */
  readonly ended = new LazyAbort()
  readonly #qmp: QmpExecutor
  readonly #feed = new Feed()
  readonly #phases = new EventHub<DomainStateChange>()
  readonly #waits = new Waits()
  readonly #pace: LookPace
  readonly #failures = new LookFailures()
  readonly #machine = new MachineFacts()
  readonly #inputs: VmInput[] = []
  #isTaking = false
  #isLooking = false
  #timer: Timer | undefined
  #state: VmState
  #callers = 0
  #questions = 0
  /** The tick at which something was last taken in that may have changed the slots. */
  #unsettledAt = 0
  /** When the latest reading was asked for, by the clock. */
  #readAtMs = -Infinity

  /** @param name - what the VM is called, for those who watch */
  constructor(qmp: QmpExecutor, clock: Clock, limits: DomainLimits = {}, name = 'a VM') {
    this.name = name
    const { maxHintsPerSecond, maxVcpus } = requireLimits(limits)
    this.maxVcpus = maxVcpus
    this.#qmp = qmp
    this.clock = clock
    this.#pace = new LookPace(maxHintsPerSecond)
    this.turns = new TurnQueue('the change before it', clock)
    this.#state = initialState()
  }

  get state(): VmState {
    return this.#state
  }

  /** A number for a call, so that what it asked for can be told from what others asked for. */
  newCaller(): number {
    return ++this.#callers
  }

  /** Take in what happened. */
  take(input: VmInput): void {
    this.#inputs.push(input)
    if (this.#isTaking) return
    this.#isTaking = true
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) this.#advance(next)
    } finally {
      this.#isTaking = false
      this.#schedule()
    }
  }

  /**
   * Read every slot now. What it shows is taken in before it is returned. Where another reading that was asked for later is known
   * by then it is that one: what was reported of it is not gone back on.
   *
   * @throws what the executor rejects with; `ContradictionError` as {@link readSlots}; `ProtocolError` `ERR_TOO_MANY_VCPUS`
   */
  async read(deadline: Deadline): Promise<DatedReading> {
    this.throwIfClosed()
    const startMs = this.clock.now()
    const now = (): Moment => ({ ...this.#state.now, question: ++this.#questions })
    const pause = (ms: number): Promise<void> => this.pause(ms, deadline, () => false)
    const reading = await readSlots(this.#qmp, deadline, now, pause, this.#machine)
    this.#requireFewVcpus(reading)
    this.#failures.clear()
    this.take({ type: 'read', reading })
    if (this.#state.reading === reading) this.#readAtMs = startMs
    return this.latest(reading)
  }

  /** That reading, or one that was asked for later and is known by now: promises do not settle in the order of the wire. */
  latest(reading: DatedReading): DatedReading {
    return laterOf(reading, this.#state.reading)
  }

  /** The number of the last question: a reading that is made from now on has a larger one. */
  get questions(): number {
    return this.#questions
  }

  /**
   * The latest reading, as long as it may stand for one that is made now: it is a moment old, and nothing was sent or heard
   * since that may have changed the slots. What another client plugs is not heard, so decide nothing on it but to ask QEMU,
   * which looks again itself.
   *
   * @param after - only one with a question of a larger number
   */
  current(after = 0): DatedReading | undefined {
    const { reading, isConnected, hearsEvents, now, closedBy } = this.#state
    if (reading === undefined || !isConnected || !hearsEvents || closedBy !== undefined) return undefined
    const { connection, boot, tick, question = 0 } = reading.askedAt
    const isOfNow = connection === now.connection && boot === now.boot && tick >= this.#unsettledAt
    return isOfNow && question > after && this.clock.now() - this.#readAtMs <= CURRENT_MS ? reading : undefined
  }

  /**
   * Wait a while, or until the state shows what `isOver` looks for.
   *
   * @throws the reason of the deadline's signal, and what the domain was closed with
   */
  async pause(ms: number, deadline: Deadline, isOver: (state: VmState) => boolean): Promise<void> {
    const { signal } = deadline
    const timeoutMs = Math.max(1, Math.min(ms, deadline.leftMs))
    const over = new TimeoutError('the pause is over')
    await this.#waits
      .until(this.#state, (state) => isOver(state) || undefined, {
        deadline: new Deadline({ signal, timeoutMs }, timeoutMs, this.clock),
        looks: false,
        onTimeout: () => over,
      })
      .catch((error: unknown) => {
        if (error !== over) throw error
      })
  }

  /** The monitor, for the commands of {@link callQmp}. */
  get qmp(): QmpExecutor {
    this.throwIfClosed()
    return this.#qmp
  }

  /** Wait until the state shows what `predicate` looks for; it throws to end the wait. */
  until<T>(predicate: Predicate<T>, options: WaitOptions): Promise<T> {
    const answer = this.#waits.until(this.#state, predicate, options)
    if (options.looks) this.#pace.restart()
    this.#schedule()
    return answer
  }

  /** What happens from now on, for one reader. The first look makes what later ones are compared with. */
  subscribe(): EventStream<DomainEvent> {
    const stream = this.#feed.subscribe()
    // At once: what happens from now on is told from what was so before. A closed domain sends nothing.
    if (!this.#isLooking) this.#lookInBackground()
    return stream
  }

  /** The connection's state now, and each that follows, for one reader. */
  phases(): EventStream<DomainStateChange> {
    return this.#phases.subscribe(undefined, [phaseChangeOf(this.#state)])
  }

  throwIfClosed(): void {
    if (this.#state.closedBy !== undefined) throw this.#state.closedBy
  }

  /** End everything: each wait rejects, subscribers hear the end, nothing is sent any longer. */
  close(): void {
    const cause = Object.freeze(new ConnectionError('ERR_CLOSED', 'the domain was closed', { outcome: 'not-sent' }))
    this.take({ type: 'closed', cause })
    this.ended.abort(cause)
    this.#feed.end()
    this.#phases.end()
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #advance(input: VmInput): void {
    const { state, news, wantsLook } = advance(this.#state, input)
    const isNewPhase = phaseOf(state) !== phaseOf(this.#state)
    const isUrgent = hasNewVerdict(this.#state, state)
    this.#state = state
    if (mayChangeSlots(state, input)) this.#unsettledAt = state.now.tick
    if (isNewPhase) {
      this.#phases.publish(phaseChangeOf(state))
      publishState(this.name, phaseChangeOf(state))
    }
    this.#feed.publish(news)
    this.#waits.check(state)
    if (wantsLook) this.#pace.hint()
    if (isUrgent) this.#pace.urge()
  }

  #requireFewVcpus({ slots }: DatedReading): void {
    try {
      requireFewVcpus(slots, this.maxVcpus)
    } catch (error) {
      publishLimit(this.name, 'qmp', error)
      throw error
    }
  }

  #schedule(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#isLooking || this.#state.closedBy !== undefined) return
    const calls = this.#waits.wantLooks
    const idle = this.#feed.hasReaders || pendingIds(this.#state).size > 0
    const ms = this.#pace.nextInMs(this.clock.now(), { calls, idle })
    if (ms === undefined) return
    this.#timer = this.clock.after(ms, () => {
      this.#lookInBackground()
    })
    if (!calls) this.#timer.unref()
  }

  /** What a failed look means it decides itself. */
  #lookInBackground(): void {
    inBackground('a look at the vCPU slots', this.#look())
  }

  async #look(): Promise<void> {
    this.#isLooking = true
    const startMs = this.clock.now()
    this.#pace.begin(startMs)
    try {
      await this.read(
        new Deadline({ signal: this.ended.signal, timeoutMs: LOOK_TIMEOUT_MS }, LOOK_TIMEOUT_MS, this.clock),
      )
    } catch (error) {
      if (this.#failures.note(error, this.clock.now())) {
        this.#waits.failLooking(uselessLooking(error))
      }
    } finally {
      this.#isLooking = false
      this.#pace.end(this.clock.now(), this.clock.now() - startMs)
      this.#schedule()
    }
  }
}

/** What waits end with when looking leads nowhere. */
function uselessLooking(error: unknown): Error {
  if (!(error instanceof ConnectionError)) return error instanceof Error ? error : new Error(String(error))
  return new ConnectionError('ERR_CONNECTION_LOST', `the monitor is lost: ${error.message}`, {
    cause: error,
    outcome: 'unknown',
  })
}
