import { AsyncLocalStorage } from 'node:async_hooks'
import type { BoardDevice } from '../../../src/testing/board.ts'
import type { Stage } from './stage.ts'

/** A command that left a domain. */
export interface Sent {
  readonly seq: number
  readonly atMs: number
  readonly call: Call
  readonly command: string
  readonly args: Readonly<Record<string, unknown>>
  /** `device_del`: the device that it names, where there is one. */
  readonly device: BoardDevice | undefined
  /** Which QEMU ran. */
  readonly qemu: number
  /** When the same call had last asked the guest for its list. */
  readonly guestAsked: { readonly seq: number; readonly atMs: number }
  /** Has it been answered, as far as this side has read? */
  answer: 'none' | 'return' | 'error'
  answeredSeq: number
}

/** What a call is to bring about. */
export type Wish =
  | { readonly kind: 'set'; readonly ids: readonly number[]; readonly online: boolean; readonly guest: boolean }
  | { readonly kind: 'guest-set'; readonly id: number; readonly online: boolean }
  | { readonly kind: 'states'; readonly ids: readonly number[]; readonly online: boolean; readonly guest: boolean }
  | { readonly kind: 'scale'; readonly count: number; readonly guest: boolean }

/** What a caller gives a call. */
export interface Bounds {
  readonly timeoutMs: number
  /** How long undoing may take; 0 where none was asked for. */
  readonly undoMs: number
  /** The caller takes it on himself which CPU of the guest is which vCPU. */
  readonly isAssumed?: boolean
}

/** How a call ended. */
export type End =
  { readonly state: 'done'; readonly value: unknown } | { readonly state: 'failed'; readonly error: unknown }

/** The domain that a call is made on, as far as a call is concerned. */
export interface Owner {
  readonly name: string
  readonly stage: Stage
  /** When it heard each RESET. */
  readonly resets: readonly number[]
  /** Commands that could change something, of all its calls. */
  readonly sent: readonly Sent[]
  readonly closedAtMs: number | undefined
  /** The calls of all domains on the VM. */
  readonly everyCall: () => readonly Call[]
}

/** One call of a domain, and all that it sent itself. */
export class Call {
  readonly name: string
  readonly owner: Owner
  readonly wish: Wish
  readonly timeoutMs: number
  readonly undoMs: number
  readonly isAssumed: boolean
  readonly startMs: number
  readonly controller = new AbortController()
  readonly sent: Sent[] = []
  abortedAtMs: number | undefined
  end: End | undefined
  /** Its error as it was when it rejected. */
  snapshot = ''
  /** What it wants was so at some moment since it began. */
  sawWanted = false
  /** Counts that were so since it last looked: plugged vCPUs, and those that the guest runs. */
  pluggedCounts = new Set<number>()
  runningCounts = new Set<number>()
  #guestAsked = { seq: 0, atMs: 0 }
  readonly #sawRunning = new Set<number>()

  constructor(owner: Owner, name: string, wish: Wish, bounds: Bounds) {
    const { stage } = owner
    this.owner = owner
    this.name = name
    this.wish = wish
    this.timeoutMs = bounds.timeoutMs
    this.undoMs = bounds.undoMs
    this.isAssumed = bounds.isAssumed ?? false
    this.startMs = stage.clock.now()
    this.watch()
  }

  /** Device ids that it asked QEMU to plug. */
  get added(): readonly unknown[] {
    return this.sent.filter(({ command }) => command === 'device_add').map(({ args }) => args['id'])
  }

  /** Devices that it asked QEMU to unplug, each as it named it. */
  get asked(): readonly unknown[] {
    return this.sent.filter(({ command }) => command === 'device_del').map(({ args }) => args['id'])
  }

  /** Something may have happened. */
  watch(): void {
    const { history } = this.owner.stage
    const { plugged, running } = history
    this.pluggedCounts.add(plugged.size)
    this.runningCounts.add(running.size)
    for (const id of running) this.#sawRunning.add(id)
    this.sawWanted ||= this.#isWanted(plugged)
  }

  /** It sends a command. @returns what was sent, where it could change something */
  note(command: string, args: Readonly<Record<string, unknown>>): Sent | undefined {
    const { history, vm, clock } = this.owner.stage
    const seq = history.next()
    if (command === 'query-cpus-fast') this.pluggedCounts = new Set()
    if (command === 'guest-get-vcpus') {
      this.runningCounts = new Set()
      this.#guestAsked = { seq, atMs: clock.now() }
      // What was so before it looked last does not count for the guest's side.
      if (this.wish.kind === 'guest-set') this.sawWanted = false
      // Of several CPUs one may be turned off by another call while the next is turned on.
      if (this.wish.kind === 'set' && this.wish.guest && this.wish.online && this.wish.ids.length === 1) {
        this.#sawRunning.clear()
        this.sawWanted = false
      }
    }
    this.watch()
    if (!/^device_|^guest-set/.test(command)) return undefined
    const { id } = args
    const device =
      command === 'device_del' ? vm.qemu.board.devices.find((other) => other.id === id || other.path === id) : undefined
    const sent: Sent = {
      seq,
      atMs: clock.now(),
      call: this,
      command,
      args,
      device,
      qemu: history.qemu,
      guestAsked: this.#guestAsked,
      answer: 'none',
      answeredSeq: 0,
    }
    this.sent.push(sent)
    return sent
  }

  #isWanted(plugged: ReadonlySet<number>): boolean {
    const { wish } = this
    switch (wish.kind) {
      case 'set':
        if (wish.online && wish.guest && !this.isAssumed) return wish.ids.every((id) => this.#sawRunning.has(id))
        return wish.ids.every((id) => plugged.has(id) === wish.online)
      case 'states':
        return wish.ids.every((id) => plugged.has(id) === wish.online)
      case 'guest-set': {
        const seat = this.owner.stage.vm.guest.seats.find(({ logicalId }) => logicalId === wish.id)
        return seat?.online === wish.online
      }
      case 'scale':
        return true
    }
  }
}

/** Which call the code that runs now belongs to. */
export const currentCall = new AsyncLocalStorage<Call>()
