import type { GuestCpu } from '../bitmap/machine/replies.ts'
import type { MachineKind } from './machine-kind.ts'
import { Refusal } from './refusal.ts'

/** One of the guest's CPUs: its logical id, and the cpu-index of the vCPU that it is, unless it is not present. */
export interface GuestSeat {
  readonly logicalId: number
  readonly cpuIndex: number | undefined
  readonly online: boolean
}

/** Which vCPU of QEMU's is which CPU of the guest's, and which of them are online, as the guest's kernel has it. */
export class GuestSeats {
  readonly #kind: MachineKind
  readonly #possible: number
  #seats: GuestSeat[] = []
  /** Kernels that know ACPI keep the id of a vCPU until the next boot, by its cpu-index. */
  readonly #kept = new Map<number, number>()

  /** @param possible - how many CPUs the kernel can hold */
  constructor(kind: MachineKind, possible: number) {
    this.#kind = kind
    this.#possible = possible
  }

  /** Ascending by logical id. */
  get all(): readonly GuestSeat[] {
    return [...this.#seats].sort((a, b) => a.logicalId - b.logicalId)
  }

  find(logicalId: number): GuestSeat | undefined {
    return this.#seats.find((seat) => seat.logicalId === logicalId)
  }

  /** The kernel is gone. */
  clear(): void {
    this.#seats = []
    this.#kept.clear()
  }

  /**
   * A kernel boots. A pseries guest registers all its possible CPUs; elsewhere only those present exist.
   *
   * @param vcpus - cpu-indexes in the order in which they are numbered
   */
  fill(vcpus: readonly number[]): void {
    this.#kept.clear()
    for (const [logicalId, cpuIndex] of vcpus.entries()) this.#kept.set(cpuIndex, logicalId)
    const count = this.#kind === 'pseries' ? this.#possible : vcpus.length
    this.#seats = Array.from({ length: count }, (_, logicalId) => {
      const cpuIndex = vcpus[logicalId]
      return { logicalId, cpuIndex, online: cpuIndex !== undefined }
    })
  }

  /** Each gets an id, as long as there is one: that of its first plug in this boot, elsewhere the next free one. */
  add(cpuIndexes: readonly number[], online: boolean): void {
    for (const cpuIndex of cpuIndexes) {
      const logicalId = this.#keepsIds ? this.#keptId(cpuIndex) : this.#freeId()
      if (logicalId === undefined) return
      this.#put({ logicalId, cpuIndex, online })
    }
  }

  /** They are gone; on pseries their ids stay listed. */
  remove(cpuIndexes: readonly number[]): void {
    for (const { logicalId, cpuIndex } of this.all) {
      if (cpuIndex === undefined || !cpuIndexes.includes(cpuIndex)) continue
      if (this.#kind === 'pseries') this.#put({ logicalId, cpuIndex: undefined, online: false })
      else this.#seats = this.#seats.filter((seat) => seat.logicalId !== logicalId)
    }
  }

  /** As `guest-get-vcpus` lists them: in no order. */
  listed(): readonly GuestCpu[] {
    return this.all
      .map(({ logicalId, online }) => ({ online, 'can-offline': this.canOffline(logicalId), 'logical-id': logicalId }))
      .reverse()
  }

  /** CPU 0 has no switch on x86, nor on s390x with kernels after 6.1 (docs/wire-notes.md). */
  canOffline(logicalId: number): boolean {
    return logicalId !== 0 || this.#kind === 'pseries'
  }

  /** @throws {@link Refusal} in the agent's words */
  setOnline(logicalId: number, online: boolean): void {
    const path = `/sys/devices/system/cpu/cpu${logicalId}/`
    const seat = this.find(logicalId)
    if (seat === undefined) throw new Refusal(`open("${path}"): No such file or directory`)
    if (seat.online === online) return
    if (!this.canOffline(logicalId)) throw new Refusal(`logical processor #${logicalId} can't be offlined`)
    if (seat.cpuIndex === undefined) throw new Refusal(`pwrite("${path}online"): Invalid argument`)
    if (!online && this.#seats.filter((other) => other.online).length === 1) {
      throw new Refusal(`pwrite("${path}online"): Device or resource busy`)
    }
    this.#put({ ...seat, online })
  }

  #put(seat: GuestSeat): void {
    this.#seats = [...this.#seats.filter(({ logicalId }) => logicalId !== seat.logicalId), seat]
  }

  get #keepsIds(): boolean {
    return this.#kind === 'x86' || this.#kind === 'loongarch64'
  }

  #keptId(cpuIndex: number): number | undefined {
    const kept = this.#kept.get(cpuIndex)
    if (kept !== undefined) return kept
    const next = this.#kept.size
    if (next >= this.#possible) return undefined
    this.#kept.set(cpuIndex, next)
    return next
  }

  #freeId(): number | undefined {
    const present = new Set(this.#seats.filter(({ cpuIndex }) => cpuIndex !== undefined).map((seat) => seat.logicalId))
    for (let id = 0; id < this.#possible; id++) if (!present.has(id)) return id
    return undefined
  }
}
