import { OST_SOURCE, OST_STATUS } from '../bitmap/machine/ost.ts'
import type { AcpiOst } from '../bitmap/machine/replies.ts'
import type { Board, BoardDevice } from './board.ts'
import type { CommandArguments } from './command-hooks.ts'
import { childrenOf, describeOst, indexesOf, nameOf } from './hotplug-words.ts'
import { withinTicks, type Pace, type PacedStep } from './pace.ts'
import { Refusal } from './refusal.ts'
import type { SimulatedGuest } from './simulated-guest.ts'

/** What differs between versions and accelerators (docs/wire-notes.md). */
export interface HotplugQuirks {
  /**
   * When the device's own `DEVICE_DELETED` comes, after those of its children: `last` (the default), `never`, or
   * `next-plug`: just before the reply to the next `device_add`.
   */
  readonly ownDeviceDeleted?: 'last' | 'never' | 'next-plug'
  /** Does the final OST of an unplug still name the device? By default it does not: the device is gone by then. */
  readonly finalOstNamesDevice?: boolean
}

const { deviceCheck: PLUG, ejectRequest: EJECT } = OST_SOURCE
const { success: SUCCESS, failure: FAILURE, inUse: IN_USE, ejectInProgress: IN_PROGRESS } = OST_STATUS

/** The dialogue about vCPUs between QEMU, which asks, and the guest, which answers in its own time. */
export class Hotplug {
  readonly #board: Board
  readonly #guest: SimulatedGuest
  readonly #quirks: HotplugQuirks
  readonly #emit: (event: string, data: object) => void
  readonly #pace: Pace
  /** And the boot of the guest that was asked last. */
  readonly #pending = new Map<BoardDevice, number>()
  /** Those among them that the guest was asked for before it was reset, and not since. */
  readonly #forgotten = new Set<BoardDevice>()
  readonly #lastOst = new Map<number, AcpiOst>()
  #late: object[] = []

  constructor(
    board: Board,
    guest: SimulatedGuest,
    quirks: HotplugQuirks,
    emit: (event: string, data: object) => void,
    pace = withinTicks,
  ) {
    this.#board = board
    this.#guest = guest
    this.#quirks = quirks
    this.#emit = emit
    this.#pace = pace
  }

  /** Devices that QEMU has asked for and the guest has not given yet. */
  get pending(): readonly BoardDevice[] {
    return [...this.#pending.keys()]
  }

  /** The boot of the guest that was asked for this device last; `undefined` where none is pending. */
  askedOf(device: BoardDevice): number | undefined {
    return this.#pending.get(device)
  }

  plug(args: CommandArguments): void {
    const device = this.#board.plug(args)
    for (const data of this.#late.splice(0)) this.#emit('DEVICE_DELETED', data)
    this.#whenGuestLooks(() => {
      const does = decided(this.#guest.onPlug)
      const appear = (): void => {
        if (this.#board.devices.includes(device)) this.#guest.appear(indexesOf(device))
      }
      const answer = (): void => {
        this.#ost(device, PLUG, does === 'refuse' ? FAILURE : SUCCESS)
      }
      if (does === 'accept') this.#inThisBoot('listing', appear)
      if (does !== 'ignore') this.#inThisBoot('ost', answer)
      // Told of one slot, the guest looks at all, and comes upon what it was asked for before its reset.
      for (const forgotten of [...this.#forgotten]) this.#answer(forgotten)
    })
  }

  unplug(args: CommandArguments): void {
    const device = this.#board.removable(String(args['id']))
    if (!this.#guest.hasBeenUp) {
      const { kind } = this.#board.plan
      // A core that no guest has taken is QEMU's to remove.
      if (kind === 'pseries') {
        this.#remove(device)
        return
      }
      if (this.#speaksOldAcpi) {
        throw new Refusal(`acpi: device unplug request for not supported device type: ${device.type}`)
      }
    }
    this.#pending.set(device, this.#guest.boot)
    this.#forgotten.delete(device)
    // A guest that is still booting does not hear of it.
    if (!this.#guest.isUp) this.#forgotten.add(device)
    this.#whenGuestLooks(() => {
      this.#answer(device)
    })
  }

  /** The guest gives the device. */
  complete(device: BoardDevice): void {
    this.#ost(device, EJECT, IN_PROGRESS)
    this.#give(device)
  }

  /** The guest says no. */
  refuse(device: BoardDevice): void {
    this.#pending.delete(device)
    this.#forgotten.delete(device)
    this.announceRefusal(device)
  }

  /** The events of a refusal, whatever becomes of the device. */
  announceRefusal(device: BoardDevice): void {
    if (this.#board.plan.kind === 'pseries') this.#emit('DEVICE_UNPLUG_GUEST_ERROR', nameOf(device))
    this.#ost(device, EJECT, IN_PROGRESS)
    this.#ost(device, EJECT, IN_USE)
  }

  /**
   * The guest boots anew. On pseries that completes what is pending; on x86 QEMU keeps the request, and the guest that boots
   * is not told of it (docs/wire-notes.md).
   */
  reset(): void {
    if (this.#board.plan.kind === 'pseries') for (const device of this.pending) this.#remove(device)
    this.reboot()
  }

  /** The guest boots anew by itself (kexec): QEMU sees nothing of it. */
  reboot(): void {
    for (const device of this.pending) this.#forgotten.add(device)
    this.#guest.goDown()
    this.boot()
  }

  /**
   * The guest, which is down, boots.
   *
   * @param whenRunning - once it runs; unless given, a machine in which no time passes boots while it is stopped, too
   */
  boot(whenRunning = this.#pace.isTimed): void {
    const { boot } = this.#guest
    const comeUp = (): void => {
      if (this.#guest.boot === boot) this.#guest.comeUp(this.#board.devices.flatMap(indexesOf))
    }
    this.#pace.after('boot', () => {
      if (whenRunning) this.#guest.soon(comeUp)
      else comeUp()
    })
  }

  /** The reply to `query-acpi-ospm-status`. */
  ospmStatus(): readonly AcpiOst[] {
    if (!this.#hasAcpi) throw new Refusal('command is not supported, missing ACPI device')
    if (this.#speaksOldAcpi && !this.#guest.hasBeenUp) return []
    return this.#board.plan.slots.map(({ firstId }) => {
      const id = this.#board.devices.find(({ slot }) => slot.firstId === firstId)?.id
      const last = this.#lastOst.get(firstId)
      return {
        ...describeOst(firstId, last?.source ?? 0, last?.status ?? 0),
        ...(id === undefined ? {} : { device: id }),
      }
    })
  }

  get #hasAcpi(): boolean {
    const { kind } = this.#board.plan
    return kind === 'x86' || kind === 'loongarch64'
  }

  /** x86 up to QEMU 10 begins with the hotplug of old machine types, until a guest asks for the new one. */
  get #speaksOldAcpi(): boolean {
    const { kind, version } = this.#board.plan
    return kind === 'x86' && version.major < 11
  }

  #answer(device: BoardDevice): void {
    if (!this.#pending.has(device)) return
    const does = decided(this.#guest.onUnplug)
    if (does === 'ignore') return
    // It is being answered, which a reset would undo, and is no longer something to come upon.
    this.#forgotten.delete(device)
    if (!this.#pace.isTimed) {
      if (does === 'remove') this.complete(device)
      else this.refuse(device)
      return
    }
    this.#ost(device, EJECT, IN_PROGRESS)
    this.#inThisBoot('eject', () => {
      if (!this.#pending.has(device)) return
      if (does === 'remove') this.#give(device)
      else this.refuse(device)
    })
  }

  #give(device: BoardDevice): void {
    this.#remove(device)
    this.#ost(device, EJECT, SUCCESS, this.#quirks.finalOstNamesDevice ?? false)
  }

  #remove(device: BoardDevice): void {
    this.#pending.delete(device)
    this.#forgotten.delete(device)
    this.#board.remove(device)
    this.#guest.vanish(indexesOf(device))
    for (const path of childrenOf(device, this.#board.plan.kind)) this.#emit('DEVICE_DELETED', { path })
    const { ownDeviceDeleted = 'last' } = this.#quirks
    if (ownDeviceDeleted === 'last') this.#emit('DEVICE_DELETED', nameOf(device))
    if (ownDeviceDeleted === 'next-plug') this.#late.push(nameOf(device))
  }

  #ost(device: BoardDevice, source: number, status: number, named = true): void {
    if (!this.#hasAcpi) return
    const { firstId } = device.slot
    const info = describeOst(firstId, source, status)
    this.#lastOst.set(firstId, info)
    this.#emit('ACPI_DEVICE_OST', { info: named && device.id !== undefined ? { ...info, device: device.id } : info })
  }

  /** A tick later, so that the command is answered first, and not while the guest is stopped. */
  #whenGuestLooks(task: () => void): void {
    if (this.#guest.isUp) this.#inThisBoot('look', task)
  }

  /** When the step is over, unless the guest has been reset by then. */
  #inThisBoot(step: PacedStep, task: () => void): void {
    const { boot } = this.#guest
    this.#pace.after(step, () => {
      this.#guest.soon(() => {
        if (this.#guest.boot === boot) task()
      })
    })
  }
}

function decided<T extends string>(choice: T | (() => T)): T {
  return typeof choice === 'function' ? choice() : choice
}
