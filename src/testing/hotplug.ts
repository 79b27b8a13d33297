import { OST_SOURCE, OST_STATUS } from '../bitmap/machine/ost.ts'
import type { AcpiOst } from '../bitmap/machine/replies.ts'
import type { Board, BoardDevice } from './board.ts'
import type { CommandArguments } from './command-hooks.ts'
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
  readonly #pending = new Set<BoardDevice>()
  /** Those among them that the guest was asked for before it was reset, and not since. */
  readonly #askedBeforeReset = new Set<BoardDevice>()
  readonly #lastOst = new Map<number, AcpiOst>()
  #late: object[] = []

  constructor(board: Board, guest: SimulatedGuest, quirks: HotplugQuirks, emit: (event: string, data: object) => void) {
    this.#board = board
    this.#guest = guest
    this.#quirks = quirks
    this.#emit = emit
  }

  /** Devices that QEMU has asked for and the guest has not given yet. */
  get pending(): readonly BoardDevice[] {
    return [...this.#pending]
  }

  plug(args: CommandArguments): void {
    const device = this.#board.plug(args)
    for (const data of this.#late.splice(0)) this.#emit('DEVICE_DELETED', data)
    this.#whenGuestLooks(() => {
      const { onPlug } = this.#guest
      if (onPlug === 'accept') this.#guest.appear(indexesOf(device))
      if (onPlug !== 'ignore') this.#ost(device, PLUG, onPlug === 'refuse' ? FAILURE : SUCCESS)
      // Told of one slot, the guest looks at all, and comes upon what it was asked for before its reset.
      for (const asked of [...this.#askedBeforeReset]) this.#answer(asked)
    })
  }

  unplug(args: CommandArguments): void {
    const device = this.#board.removable(args['id'])
    this.#pending.add(device)
    this.#askedBeforeReset.delete(device)
    this.#whenGuestLooks(() => {
      this.#answer(device)
    })
  }

  /** The guest gives the device. */
  complete(device: BoardDevice): void {
    this.#ost(device, EJECT, IN_PROGRESS)
    this.#remove(device)
    this.#ost(device, EJECT, SUCCESS, this.#quirks.finalOstNamesDevice ?? false)
  }

  /** The guest says no. */
  refuse(device: BoardDevice): void {
    this.#pending.delete(device)
    this.#askedBeforeReset.delete(device)
    if (this.#board.plan.kind === 'pseries') this.#emit('DEVICE_UNPLUG_GUEST_ERROR', nameOf(device))
    this.#ost(device, EJECT, IN_PROGRESS)
    this.#ost(device, EJECT, IN_USE)
  }

  /**
   * The guest boots anew. On pseries that completes what is pending; on x86 QEMU keeps the request, and the guest that boots
   * is not told of it (docs/wire-notes.md).
   */
  reset(): void {
    if (this.#board.plan.kind === 'pseries') for (const device of this.#pending) this.#remove(device)
    for (const device of this.#pending) this.#askedBeforeReset.add(device)
    this.#guest.reboot(this.#board.devices.flatMap(indexesOf))
  }

  /** The reply to `query-acpi-ospm-status`. */
  ospmStatus(): readonly AcpiOst[] {
    if (this.#board.plan.kind !== 'x86') throw new Refusal('command is not supported, missing ACPI device')
    return this.#board.plan.slots.map(({ firstId }) => {
      const id = this.#board.devices.find(({ slot }) => slot.firstId === firstId)?.id
      const last = this.#lastOst.get(firstId)
      return { ...describe(firstId, last?.source ?? 0, last?.status ?? 0), ...(id === undefined ? {} : { device: id }) }
    })
  }

  #answer(device: BoardDevice): void {
    if (!this.#pending.has(device) || this.#guest.onUnplug === 'ignore') return
    if (this.#guest.onUnplug === 'remove') this.complete(device)
    else this.refuse(device)
  }

  #remove(device: BoardDevice): void {
    this.#pending.delete(device)
    this.#askedBeforeReset.delete(device)
    this.#board.remove(device)
    this.#guest.vanish(indexesOf(device))
    for (const path of childrenOf(device, this.#board.plan.kind === 'pseries')) this.#emit('DEVICE_DELETED', { path })
    const { ownDeviceDeleted = 'last' } = this.#quirks
    if (ownDeviceDeleted === 'last') this.#emit('DEVICE_DELETED', nameOf(device))
    if (ownDeviceDeleted === 'next-plug') this.#late.push(nameOf(device))
  }

  #ost(device: BoardDevice, source: number, status: number, named = true): void {
    if (this.#board.plan.kind !== 'x86') return
    const { firstId } = device.slot
    const info = describe(firstId, source, status)
    this.#lastOst.set(firstId, info)
    this.#emit('ACPI_DEVICE_OST', { info: named && device.id !== undefined ? { ...info, device: device.id } : info })
  }

  /** A tick later, so that the command is answered first, and not while the guest is stopped. */
  #whenGuestLooks(task: () => void): void {
    process.nextTick(() => {
      this.#guest.soon(task)
    })
  }
}

function indexesOf(device: BoardDevice): readonly number[] {
  return device.vcpus.map(({ cpuIndex }) => cpuIndex)
}

function nameOf({ id, path }: BoardDevice): object {
  return id === undefined ? { path } : { device: id, path }
}

function describe(slot: number, source: number, status: number): AcpiOst {
  return { slot: String(slot), 'slot-type': 'CPU', source, status }
}

function childrenOf(device: BoardDevice, isCore: boolean): readonly string[] {
  if (!isCore) return [`${device.path}/lapic`]
  return device.vcpus.flatMap(({ qomPath }) => [`${qomPath}/icp`, `${qomPath}/xive-tctx`, qomPath])
}
