import type { Duplex } from 'node:stream'
import {
  SimulatedVm,
  VirtualClock,
  type Clock,
  type SimulatedVmOptions,
  type SwitchRecord,
} from '../../../src/testing/index.ts'
import type { Call } from './call.ts'
import { History } from './history.ts'
import { faultOfEnd } from './invariants/end.ts'
import { faultOfAll, faultOfClosed, faultOfEvents, faultOfFollower, faultOfLeftovers } from './invariants/final.ts'
import { Seat } from './seat.ts'

/** What a history begins with. */
export interface Beginning {
  readonly machine: SimulatedVmOptions['machine']
  readonly seed: number
  /** May the agent read the guest's files? */
  readonly readsFiles: boolean
  readonly reconnect: 'on-demand' | 'eager'
  readonly autoOnline: boolean
}

/** A simulated VM, two domains on it, and what really happened. */
export class World {
  readonly clock = new VirtualClock()
  readonly vm: SimulatedVm
  readonly history: History
  readonly seats: readonly Seat[]
  readonly slots: readonly (readonly number[])[]
  /** The first thing that was wrong. */
  fault: string | undefined
  /** Every connection that the domains have made. */
  readonly dialled: Duplex[] = []
  /** What happened, for people. */
  readonly log: string[] = []
  readonly #beginning: Beginning
  #switches = 0

  constructor(beginning: Beginning) {
    this.#beginning = beginning
    const { machine, seed, readsFiles, autoOnline } = beginning
    const clock: Clock = {
      now: () => this.clock.now(),
      after: (ms, task) =>
        this.clock.after(ms, () => {
          this.history.observe()
          task()
          this.history.observe()
        }),
    }
    const blocked = readsFiles ? [] : ['guest-file-open', 'guest-file-read', 'guest-file-close']
    this.vm = new SimulatedVm({ machine, clock, seed, agent: { blocked }, guest: { autoOnline } })
    this.history = new History(this.vm, this.clock)
    this.slots = this.vm.qemu.board.plan.slots.map(({ firstId, count }) =>
      Array.from({ length: count }, (_, thread) => firstId + thread),
    )
    this.seats = [new Seat(this, 'A'), new Seat(this, 'B')]
    this.history.watchers.add(() => {
      for (const { open } of this.seats) for (const call of open) call.watch()
    })
  }

  /** Both domains: each has a monitor of its own, and they share the agent's one channel. */
  async open(): Promise<void> {
    const { reconnect } = this.#beginning
    const agent = this.vm.qgaExecutor()
    const [first, second] = this.seats
    const connected = Promise.all([
      first?.connect({ qmp: () => this.#dialled(this.vm.qmp()), qga: first.noting(agent), reconnect }),
      second?.connect({ qmp: () => this.#dialled(this.#apart()), qga: second.noting(agent), reconnect }),
    ])
    await this.clock.run(connected)
  }

  /** Let time pass. */
  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms)
    this.history.observe()
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
    this.fault ??= faultOfAll(this) ?? faultOfLeftovers(this)
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

  /** The slot of a vCPU. */
  slotOf(id: number): readonly number[] {
    return this.slots.find((ids) => ids.includes(id)) ?? []
  }

  /** A call has ended: what it says must be true at this moment. */
  settled(call: Call): void {
    const { end, name } = call
    const { outcome } = end?.state === 'failed' ? (end.error as { outcome?: string }) : { outcome: 'done' }
    this.log.push(`${this.clock.now()} ms: ${name} ended: ${String(outcome)}`)
    const fault = faultOfEnd(call)
    if (fault !== undefined) this.fault ??= `${call.name} (${JSON.stringify(call.wish)}): ${fault}`
  }

  /** Every call that has been made. */
  get calls(): readonly Call[] {
    return this.seats.flatMap(({ calls }) => calls)
  }

  #dialled(duplex: Duplex): Duplex {
    this.dialled.push(duplex)
    return duplex
  }

  #apart(): Duplex {
    return this.vm.truth().isAlive ? this.vm.qemu.connectApart() : this.vm.qmp()
  }
}
