import type { Duplex } from 'node:stream'
import { SimulatedVm, VirtualClock, type Clock, type SimulatedVmOptions } from '../../../src/testing/index.ts'
import { History } from './history.ts'

/** What a history begins with. */
export interface Beginning {
  readonly machine: SimulatedVmOptions['machine']
  readonly seed: number
  /** May the agent read the guest's files? */
  readonly readsFiles: boolean
  readonly reconnect: 'on-demand' | 'eager'
  readonly autoOnline: boolean
}

/** A simulated VM over a virtual clock, and what really happened to it. */
export class Stage {
  readonly clock = new VirtualClock()
  readonly vm: SimulatedVm
  readonly history: History
  /** The ids of each slot. */
  readonly slots: readonly (readonly number[])[]
  /** Every connection that was made to its monitors. */
  readonly dialled: Duplex[] = []

  constructor({ machine, seed, readsFiles, autoOnline }: Beginning) {
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
  }

  /** The slot of a vCPU. */
  slotOf(id: number): readonly number[] {
    return this.slots.find((ids) => ids.includes(id)) ?? []
  }

  /** Let time pass. */
  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms)
    this.history.observe()
  }

  /** A connection to the monitor that clients share. */
  readonly shared = (): Duplex => this.#dialled(this.vm.qmp())

  /** A connection to a monitor of its own. */
  readonly apart = (): Duplex => {
    return this.#dialled(this.vm.truth().isAlive ? this.vm.qemu.connectApart() : this.vm.qmp())
  }

  #dialled(duplex: Duplex): Duplex {
    this.dialled.push(duplex)
    return duplex
  }
}
