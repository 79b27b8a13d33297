import type { Board, BoardDevice } from '../../../src/testing/board.ts'
import type { Clock, SimulatedVm } from '../../../src/testing/index.ts'

/** A slot that was filled or emptied. */
export interface Transition {
  /** Its place among all that happened. */
  readonly seq: number
  readonly kind: 'plugged' | 'unplugged'
  readonly deviceId: string | undefined
  readonly path: string
  readonly ids: readonly number[]
  /** Which QEMU it was. */
  readonly qemu: number
}

/** What really happened to the simulated VM, in order. Everything that is compared with it is counted by the same `seq`. */
export class History {
  readonly transitions: Transition[] = []
  /** Each moment at which one of the guest's ids became another vCPU's, or none's. */
  readonly renumberings: { readonly seq: number; readonly atMs: number; readonly logicalId: number }[] = []
  /** Called whenever something may have happened. */
  readonly watchers = new Set<() => void>()
  readonly #vm: SimulatedVm
  readonly #clock: Clock
  #seq = 0
  #qemu = 1
  #board: Board
  #devices: readonly BoardDevice[]
  #seats = new Map<number, number | undefined>()

  constructor(vm: SimulatedVm, clock: Clock) {
    this.#vm = vm
    this.#clock = clock
    this.#board = vm.qemu.board
    this.#devices = [...this.#board.devices]
    this.#seats = this.#guestIds()
  }

  /** Count one more thing that happened. */
  next(): number {
    return ++this.#seq
  }

  get seq(): number {
    return this.#seq
  }

  /** Which QEMU runs, counted from 1. */
  get qemu(): number {
    return this.#qemu
  }

  /** vCPUs that are plugged. */
  get plugged(): ReadonlySet<number> {
    return new Set(this.#devices.flatMap(idsOf))
  }

  /** vCPUs that the guest runs. */
  get running(): ReadonlySet<number> {
    return new Set(this.#vm.guest.seats.flatMap(({ cpuIndex, online }) => (online ? (cpuIndex ?? []) : [])))
  }

  /** The device in the slot of a vCPU. */
  deviceOf(id: number): BoardDevice | undefined {
    return this.#vm.qemu.board.deviceOf(id)
  }

  /** Compare what is so with what was so. */
  observe(): void {
    const { board } = this.#vm.qemu
    if (board === this.#board) this.#compare(board.devices)
    else {
      this.#board = board
      this.#qemu++
      this.next()
    }
    this.#devices = [...board.devices]
    const seats = this.#guestIds()
    for (const logicalId of new Set([...seats.keys(), ...this.#seats.keys()])) {
      if (seats.get(logicalId) === this.#seats.get(logicalId)) continue
      this.renumberings.push({ seq: this.next(), atMs: this.#clock.now(), logicalId })
    }
    this.#seats = seats
    for (const watch of this.watchers) watch()
  }

  #compare(devices: readonly BoardDevice[]): void {
    for (const device of this.#devices) if (!devices.includes(device)) this.#note('unplugged', device)
    for (const device of devices) if (!this.#devices.includes(device)) this.#note('plugged', device)
  }

  #note(kind: Transition['kind'], device: BoardDevice): void {
    const { id: deviceId, path } = device
    this.transitions.push({ seq: this.next(), kind, deviceId, path, ids: idsOf(device), qemu: this.#qemu })
  }

  #guestIds(): Map<number, number | undefined> {
    return new Map(this.#vm.guest.seats.map(({ logicalId, cpuIndex }) => [logicalId, cpuIndex]))
  }
}

function idsOf({ vcpus }: BoardDevice): number[] {
  return vcpus.map(({ cpuIndex }) => cpuIndex)
}
