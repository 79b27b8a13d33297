import type { Clock } from '../wire/clock.ts'

/** Time of a CPU since the boot, in milliseconds. */
interface CpuTime {
  readonly busyMs: number
  readonly idleMs: number
}

const NO_TIME: CpuTime = { busyMs: 0, idleMs: 0 }

/** What the programs of a guest want of its CPUs, and how these have spent their time. */
export class GuestLoad {
  readonly #clock: Clock
  /** The CPUs that it runs. */
  readonly #online: () => readonly number[]
  readonly #times = new Map<number, CpuTime>()
  #wanted = 0
  #sinceMs: number

  constructor(clock: Clock, online: () => readonly number[]) {
    this.#clock = clock
    this.#online = online
    this.#sinceMs = clock.now()
  }

  /** How many CPUs' worth of work there is. */
  get wanted(): number {
    return this.#wanted
  }

  set wanted(cpus: number) {
    this.account()
    this.#wanted = cpus
  }

  /** Count the time until now, before anything changes of the load or of the CPUs. The work is spread over them evenly. */
  account(): void {
    const elapsedMs = this.#clock.now() - this.#sinceMs
    this.#sinceMs += elapsedMs
    const ids = this.#online()
    const busyMs = elapsedMs * Math.min(1, this.#wanted / ids.length)
    for (const id of ids) {
      const before = this.#times.get(id) ?? NO_TIME
      this.#times.set(id, { busyMs: before.busyMs + busyMs, idleMs: before.idleMs + elapsedMs - busyMs })
    }
  }

  /** Another kernel begins to count. */
  reset(): void {
    this.#times.clear()
    this.#sinceMs = this.#clock.now()
  }

  /** `guest-get-load`: as if it had been so for a quarter of an hour. */
  averages(): object {
    return { load1m: this.#wanted, load5m: this.#wanted, load15m: this.#wanted }
  }

  /** `guest-get-cpustats`: what `/proc/stat` says of the CPUs that run, in milliseconds, in steps of a tick of 10. */
  cpuStats(): readonly object[] {
    this.account()
    const nothing = { nice: 0, system: 0, iowait: 0, irq: 0, softirq: 0, steal: 0, guest: 0, guestnice: 0 }
    const ticks = (ms: number): number => Math.floor(ms / 10) * 10
    return this.#online().map((cpu) => {
      const { busyMs, idleMs } = this.#times.get(cpu) ?? NO_TIME
      return { type: 'linux', cpu, user: ticks(busyMs), idle: ticks(idleMs), ...nothing }
    })
  }
}
