import { acpiPathOf } from '../bitmap/machine/firmware-names.ts'
import { CpuMap } from '../bitmap/set/cpu-map.ts'
import type { GuestSeat } from './guest-seats.ts'
import { Refusal } from './refusal.ts'
import type { SimulatedGuest } from './simulated-guest.ts'

const ROOT = '/sys/devices/system/cpu'
const DEFAULT_COUNT = 4_096
/** The agent reads no more in one command. */
const MAX_COUNT = 48 * 1024 * 1024
/** As for `fopen`. */
const MODES = /^[rwa](?:b\+?|\+b?)?$/

/** The part of a guest's `/sys` that is about CPUs, what `/proc` says of its boot, and the handles that its agent has open. */
export class GuestFiles {
  readonly #guest: SimulatedGuest
  readonly #open = new Map<number, { readonly content: Buffer; position: number }>()
  #nextHandle = 1_000

  constructor(guest: SimulatedGuest) {
    this.#guest = guest
  }

  /** Handles that nobody has closed. */
  get openHandles(): readonly number[] {
    return [...this.#open.keys()]
  }

  /** `guest-file-open`. */
  open(path: unknown, mode: unknown = 'r'): number {
    if (typeof path !== 'string') throw new Refusal("Parameter 'path' is missing")
    if (!MODES.test(String(mode))) throw new Refusal(`invalid file open mode '${String(mode)}'`)
    const content = this.#contentOf(path)
    const isRead = /^rb?$/.test(String(mode))
    const why = content === undefined ? 'No such file or directory' : isRead ? undefined : 'Permission denied'
    if (content === undefined || why !== undefined) {
      throw new Refusal(`failed to open file '${path}' (mode: '${String(mode)}'): ${why ?? ''}`)
    }
    const handle = this.#nextHandle++
    this.#open.set(handle, { content: Buffer.from(content), position: 0 })
    return handle
  }

  /** `guest-file-read`: `eof` only once the end was run into, as with `fread`. */
  read(handle: unknown, count: unknown = DEFAULT_COUNT): object {
    const file = this.#find(handle)
    if (typeof count !== 'number' || count < 0 || count > MAX_COUNT) {
      throw new Refusal(`value '${String(count)}' is invalid for argument count`)
    }
    const piece = file.content.subarray(file.position, file.position + count)
    file.position += piece.length
    return { count: piece.length, 'buf-b64': piece.toString('base64'), eof: piece.length < count }
  }

  /** `guest-file-close`. */
  close(handle: unknown): void {
    this.#find(handle)
    this.#open.delete(Number(handle))
  }

  /** The agent has ended, and its handles with it. */
  closeAll(): void {
    this.#open.clear()
  }

  #find(handle: unknown): { readonly content: Buffer; position: number } {
    const file = typeof handle === 'number' ? this.#open.get(handle) : undefined
    if (file === undefined) throw new Refusal(`handle '${String(handle)}' has not been found`)
    return file
  }

  #contentOf(path: string): string | undefined {
    const { seats, possible, bootId, uptimeMs } = this.#guest
    const idsOf = (wanted: (seat: GuestSeat) => boolean): string =>
      `${String(CpuMap.from(seats.filter(wanted).map(({ logicalId }) => logicalId)))}\n`
    switch (path) {
      // It can be opened, and nothing read from it.
      case ROOT:
        return ''
      case `${ROOT}/present`:
        return idsOf(({ cpuIndex }) => cpuIndex !== undefined)
      case `${ROOT}/online`:
        return idsOf(({ online }) => online)
      case `${ROOT}/possible`:
        return `${String(CpuMap.from(Array.from({ length: possible }, (_, id) => id)))}\n`
      case '/proc/sys/kernel/random/boot_id':
        return `${bootId}\n`
      case '/proc/uptime':
        return `${(uptimeMs / 1_000).toFixed(2)} 0.00\n`
      default:
        return this.#contentOfCpu(path)
    }
  }

  #contentOfCpu(path: string): string | undefined {
    const match = /^\/sys\/devices\/system\/cpu\/cpu(\d+)\/(.+)$/.exec(path)
    const seat = this.#guest.seats.find(({ logicalId }) => match !== null && logicalId === Number(match[1]))
    if (match === null || seat === undefined) return undefined
    const { kind } = this.#guest
    const { cpuIndex, logicalId, online } = seat
    switch (match[2]) {
      case 'online':
        return this.#guest.canOffline(logicalId) ? `${online ? 1 : 0}\n` : undefined
      case 'firmware_node/path':
        return (kind === 'x86' || kind === 'loongarch64') && cpuIndex !== undefined
          ? `${acpiPathOf(cpuIndex)}\n`
          : undefined
      case 'physical_id':
        return kind === 'pseries' ? `${cpuIndex ?? 0}\n` : undefined
      case 'address':
        return kind === 's390x' && cpuIndex !== undefined ? `${cpuIndex}\n` : undefined
      default:
        return undefined
    }
  }
}
