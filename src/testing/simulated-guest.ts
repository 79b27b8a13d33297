import type { GuestCpu } from '../bitmap/machine/replies.ts'
import type { MachineKind } from './machine-description.ts'
import { Refusal } from './refusal.ts'

/**
 * What the guest does with a vCPU that QEMU plugs: take it; say yes and do nothing (as some kernels do); say no; or not
 * look at all.
 */
export type OnPlug = 'accept' | 'pretend' | 'refuse' | 'ignore'

/** What the guest does when QEMU asks for a vCPU back: give it, say no, or not answer. */
export type OnUnplug = 'remove' | 'refuse' | 'ignore'

/** One of the guest's CPUs: its logical id, and the cpu-index of the vCPU that it is, unless it is not present. */
export interface GuestSeat {
  readonly logicalId: number
  readonly cpuIndex: number | undefined
  readonly online: boolean
}

/** How a guest begins. */
export interface SimulatedGuestOptions {
  /** The machine that it runs on; it decides what ids look like. */
  readonly kind: MachineKind
  /** cpu-indexes of the vCPUs that it boots with. */
  readonly vcpus: readonly number[]
  /** How many CPUs its kernel can hold. */
  readonly possible: number
}

/**
 * The kernel of a guest: which vCPU of QEMU's is which of its CPUs, and which of them are online. Set {@link onPlug} and
 * {@link onUnplug} to script it.
 */
export class SimulatedGuest {
  readonly kind: MachineKind
  /** How many CPUs its kernel can hold: the ids of `possible`. */
  readonly possible: number
  onPlug: OnPlug = 'accept'
  onUnplug: OnUnplug = 'remove'
  #seats: GuestSeat[]
  #running = true
  #tasks: (() => void)[] = []

  constructor(options: SimulatedGuestOptions) {
    this.kind = options.kind
    this.possible = options.possible
    this.#seats = this.#seatsAtBoot(options.vcpus)
  }

  /** Its CPUs, ascending. */
  get seats(): readonly GuestSeat[] {
    return [...this.#seats].sort((a, b) => a.logicalId - b.logicalId)
  }

  /** Do `task` now, or once the guest runs again. */
  soon(task: () => void): void {
    if (this.#running) task()
    else this.#tasks.push(task)
  }

  pause(): void {
    this.#running = false
  }

  resume(): void {
    this.#running = true
    for (const task of this.#tasks.splice(0)) task()
  }

  /** Plugged vCPUs show up, each under the next free id: offline on x86 and s390x, online on pseries. */
  appear(cpuIndexes: readonly number[]): void {
    for (const cpuIndex of cpuIndexes) {
      const logicalId = this.#freeId()
      if (logicalId === undefined) return
      this.#put({ logicalId, cpuIndex, online: this.kind === 'pseries' })
    }
  }

  /** Unplugged vCPUs are gone; on pseries their ids stay listed. */
  vanish(cpuIndexes: readonly number[]): void {
    for (const { logicalId, cpuIndex } of this.seats) {
      if (cpuIndex === undefined || !cpuIndexes.includes(cpuIndex)) continue
      if (this.kind === 'pseries') this.#put({ logicalId, cpuIndex: undefined, online: false })
      else this.#seats = this.#seats.filter((seat) => seat.logicalId !== logicalId)
    }
  }

  /**
   * Boot anew: what was being done is forgotten, and the vCPUs that are plugged now are numbered, all online: in the order of
   * their ids, on pseries in that of plugging (docs/wire-notes.md).
   *
   * @param vcpus - their cpu-indexes in plug order; those that it has unless given
   */
  reboot(vcpus: readonly number[] = this.#seats.flatMap(({ cpuIndex }) => cpuIndex ?? [])): void {
    this.#tasks = []
    this.#seats = this.#seatsAtBoot(this.kind === 'pseries' ? vcpus : [...vcpus].sort((a, b) => a - b))
  }

  /** What `guest-get-vcpus` returns: in no order. */
  vcpus(): readonly GuestCpu[] {
    return this.seats
      .map(({ logicalId, online }) => ({ online, 'can-offline': this.canOffline(logicalId), 'logical-id': logicalId }))
      .reverse()
  }

  /** CPU 0 has no switch on x86, nor on s390x with kernels after 6.1 (docs/wire-notes.md). */
  canOffline(logicalId: number): boolean {
    return logicalId !== 0 || this.kind === 'pseries'
  }

  /**
   * Turn a CPU on or off.
   *
   * @throws {@link Refusal} in the agent's words
   */
  setOnline(logicalId: number, online: boolean): void {
    const path = `/sys/devices/system/cpu/cpu${logicalId}/`
    const seat = this.#seats.find((other) => other.logicalId === logicalId)
    if (seat === undefined) throw new Refusal(`open("${path}"): No such file or directory`)
    if (seat.online === online) return
    if (!this.canOffline(logicalId)) throw new Refusal(`logical processor #${logicalId} can't be offlined`)
    if (seat.cpuIndex === undefined) throw new Refusal(`pwrite("${path}online"): Invalid argument`)
    if (!online && this.#seats.filter((other) => other.online).length === 1) {
      throw new Refusal(`pwrite("${path}online"): Device or resource busy`)
    }
    this.#put({ ...seat, online })
  }

  /** A pseries guest registers all its possible CPUs; elsewhere only those present exist. */
  #seatsAtBoot(vcpus: readonly number[]): GuestSeat[] {
    return Array.from({ length: this.kind === 'pseries' ? this.possible : vcpus.length }, (_, logicalId) => {
      const cpuIndex = vcpus[logicalId]
      return { logicalId, cpuIndex, online: cpuIndex !== undefined }
    })
  }

  #put(seat: GuestSeat): void {
    this.#seats = [...this.#seats.filter(({ logicalId }) => logicalId !== seat.logicalId), seat]
  }

  #freeId(): number | undefined {
    const present = new Set(this.#seats.filter(({ cpuIndex }) => cpuIndex !== undefined).map((seat) => seat.logicalId))
    for (let id = 0; id < this.possible; id++) if (!present.has(id)) return id
    return undefined
  }
}
