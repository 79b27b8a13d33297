import type { SwitchRecord } from '../../../src/testing/index.ts'
import type { Call } from './call.ts'
import { faultOfEnd } from './invariants/end.ts'
import { faultOfAll, faultOfClosed, faultOfEvents, faultOfFollower, faultOfLeftovers } from './invariants/final.ts'
import { Seat } from './seat.ts'
import { Stage, type Beginning } from './stage.ts'

/** Two domains on one simulated VM, and all that they were asked. */
export class World extends Stage {
  readonly seats: readonly [Seat, Seat]
  /** The first thing that was wrong. */
  fault: string | undefined
  /** What happened, for people. */
  readonly log: string[] = []
  readonly #beginning: Beginning
  #switches = 0

  constructor(beginning: Beginning) {
    super(beginning)
    this.#beginning = beginning
    const options = {
      stage: this,
      everyCall: () => this.calls,
      onEnd: (call: Call) => {
        this.#settled(call)
      },
    }
    this.seats = [new Seat('A', options), new Seat('B', options)]
    this.history.watchers.add(() => {
      for (const { open } of this.seats) for (const call of open) call.watch()
    })
  }

  /** Every call that has been made. */
  get calls(): readonly Call[] {
    return this.seats.flatMap(({ calls }) => calls)
  }

  /** Both domains: each has a monitor of its own, and they share the agent's one channel. */
  async open(): Promise<void> {
    const { reconnect } = this.#beginning
    const agent = this.vm.qgaExecutor()
    const [first, second] = this.seats
    const connected = Promise.all([
      first.connect({ qmp: this.shared, qga: first.noting(agent), reconnect }),
      second.connect({ qmp: this.apart, qga: second.noting(agent), reconnect }),
    ])
    await this.clock.run(connected)
  }

  /** Everything ends: the VM comes to rest, every call ends, and the domains are closed. */
  async end(): Promise<void> {
    const { vm, clock, calls, seats } = this
    vm.faults = []
    vm.contAgent()
    vm.restart()
    for (let ms = 0; calls.some(({ end }) => end === undefined) && ms < 4_000_000; ms += 1_000) await this.pass(1_000)
    await this.pass(20_000)
    this.log.push(`${clock.now()} ms: at rest`)
    for (const seat of seats) {
      if (seat.closedAtMs !== undefined) continue
      await clock.run(seat.domain.getVcpuMap())
      await this.pass(0)
      this.fault ??= faultOfFollower(seat)
      seat.close()
    }
    await this.pass(0)
    for (const seat of seats) this.fault ??= faultOfEvents(seat) ?? faultOfClosed(seat)
    // What the VM itself and the test's listeners had under way.
    await this.pass(1_000)
    this.fault ??= faultOfAll(calls) ?? faultOfLeftovers(this, calls)
  }

  /** Guest CPUs that were turned on or off since it was asked last. */
  newSwitches(): readonly SwitchRecord[] {
    const { switches } = this.vm.truth()
    const fresh = switches.slice(this.#switches)
    this.#switches = switches.length
    return fresh
  }

  /** A fault, and what led to it. */
  tell(fault: string): string {
    return [fault, ...this.log].join('\n')
  }

  /** A call has ended: what it says must be true at this moment. */
  #settled(call: Call): void {
    const { end, name } = call
    const { outcome } = end?.state === 'failed' ? (end.error as { outcome?: string }) : { outcome: 'done' }
    this.log.push(`${this.clock.now()} ms: ${name} ended: ${String(outcome)}`)
    const fault = faultOfEnd(call)
    if (fault !== undefined) this.fault ??= `${call.name} (${JSON.stringify(call.wish)}): ${fault}`
  }
}
