import type { Duplex } from 'node:stream'
import { Domain } from '../../../src/index.ts'
import { SimulatedVm, VirtualClock, type Clock } from '../../../src/testing/index.ts'
import { CountingClock } from '../counting-clock.ts'
import { Follower } from '../../stories/domain-over-simulated-vm/follower.ts'
import { Gate } from './gate.ts'
import { Wire } from './wire.ts'

/** What is plugged, and which of it the guest runs. */
export interface State {
  readonly plugged: readonly number[]
  readonly running: readonly number[]
}

/** Longer than a boot, and than any pause between two dials. */
const SETTLE_MS = 12_000
/** Longer than a guest takes for a plug, and a Domain for its first readings. */
const BEGIN_MS = 500

/** A simulated VM in virtual time, and a Domain that reaches it through gates. */
export class Stage {
  readonly clock = new VirtualClock()
  /** The Domain's own time, and its timers. */
  readonly own = new CountingClock(this.clock)
  readonly vm: SimulatedVm
  readonly monitor = new Gate()
  readonly agent = new Gate()
  readonly wire = new Wire()
  readonly follower = new Follower()
  readonly caller = new AbortController()
  /** Called whenever something may have happened. */
  watch: () => void = () => undefined
  readonly #guestIds = new Map<number, number>()
  /** Streams that were dialled. */
  readonly #dialled: Duplex[] = []
  #domain: Domain | undefined

  constructor(seed: number) {
    const clock: Clock = {
      now: () => this.clock.now(),
      after: (ms, task) =>
        this.clock.after(ms, () => {
          task()
          this.watch()
        }),
    }
    this.vm = new SimulatedVm({ machine: { kind: 'x86', bootVcpus: 2, maxcpus: 8 }, clock, seed })
  }

  /** @param state - what the VM is brought to before the Domain is connected */
  static async open(seed: number, state: State): Promise<Stage> {
    const stage = new Stage(seed)
    await stage.#prepare(state)
    for (const id of state.plugged) stage.guestIdOf(id)
    await stage.#connect()
    return stage
  }

  get domain(): Domain {
    if (this.#domain === undefined) throw new Error('not connected')
    return this.#domain
  }

  /** Each connection of the Domain's that is still open. */
  get openConnections(): number {
    return this.#dialled.filter(({ destroyed }) => !destroyed).length
  }

  state(): State {
    const vcpus = this.vm.truth().slots.flatMap((slot) => slot.vcpus)
    const plugged = vcpus.filter(({ threadId }) => threadId !== undefined)
    return {
      plugged: plugged.map(({ id }) => id),
      running: plugged.filter(({ guest }) => guest?.online === true).map(({ id }) => id),
    }
  }

  /** The guest's CPU for a vCPU; while it boots, the one it was. */
  guestIdOf(id: number): number {
    const seat = this.vm.guest.seats.find(({ cpuIndex }) => cpuIndex === id)
    if (seat !== undefined) this.#guestIds.set(id, seat.logicalId)
    const known = this.#guestIds.get(id)
    if (known === undefined) throw new Error(`the guest has no CPU for vCPU ${id}`)
    return known
  }

  /** Let everything that is under way come to its end. */
  settle(): Promise<void> {
    return this.clock.advance(SETTLE_MS)
  }

  async #prepare({ plugged, running }: State): Promise<void> {
    for (const id of plugged) if (!this.state().plugged.includes(id)) this.vm.other.plug(id)
    await this.clock.advance(BEGIN_MS)
    for (const id of running) {
      if (!this.state().running.includes(id)) this.vm.other.guestSet(this.guestIdOf(id), true)
    }
    for (const id of this.state().running) {
      if (!running.includes(id)) this.vm.other.guestSet(this.guestIdOf(id), false)
    }
  }

  async #connect(): Promise<void> {
    const { wire } = this
    wire.epoch = () => {
      const { qemu, boot, switches, requests } = this.vm.truth()
      const others = [...switches, ...requests].filter(({ by }) => by === 'other')
      return `${qemu}/${boot}/${others.length}`
    }
    const dial = (label: 'qmp' | 'qga', gate: Gate, endpoint: () => Duplex) => {
      const dialled = gate.through(endpoint)
      return (): Duplex => {
        const stream = dialled()
        wire.connected(label)
        this.#dialled.push(stream)
        return stream
      }
    }
    this.#domain = await this.clock.run(
      Domain.connect({
        qmp: dial('qmp', this.monitor, this.vm.qmp),
        qga: dial('qga', this.agent, this.vm.qga),
        clock: this.own,
        trace: wire.trace,
      }),
    )
    this.follower.start(this.#domain, this.clock)
    await this.clock.advance(BEGIN_MS)
  }
}
