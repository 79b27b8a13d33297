import type { GuestCpu } from '../bitmap/machine/replies.ts'
import type { MachineKind } from './machine-kind.ts'
import { systemClock, type Clock } from '../wire/clock.ts'
import { bootIdOf } from './boot-id.ts'
import { GuestLoad } from './guest-load.ts'
import { GuestSeats, type GuestSeat } from './guest-seats.ts'

/**
 * What the guest does with a vCPU that QEMU plugs: take it; say yes and do nothing (as some kernels do); say no; or not
 * look at all.
 */
export type OnPlug = 'accept' | 'pretend' | 'refuse' | 'ignore'

/** What the guest does when QEMU asks for a vCPU back: give it, say no, or not answer. */
export type OnUnplug = 'remove' | 'refuse' | 'ignore'

/** How a guest begins. */
export interface SimulatedGuestOptions {
  /** The machine that it runs on; it decides what ids look like. */
  readonly kind: MachineKind
  /** cpu-indexes of the vCPUs that it boots with. */
  readonly vcpus: readonly number[]
  /** How many CPUs its kernel can hold. */
  readonly possible: number
  /** What its uptime goes by; the process's clock unless given. */
  readonly clock?: Clock | undefined
  /** What its boot ids are made from. */
  readonly seed?: number | undefined
  /** The number of its first boot; 1 unless given. */
  readonly firstBoot?: number | undefined
  /** Is it up from the start? It is unless told otherwise. */
  readonly isUp?: boolean
  /** Is there anything to boot? There is unless told otherwise. */
  readonly bootable?: boolean
}

/**
 * The kernel of a guest: which vCPU of QEMU's is which of its CPUs, and which of them are online. Set {@link SimulatedGuest.onPlug} and
 * {@link SimulatedGuest.onUnplug} to script it.
 */
export class SimulatedGuest {
  readonly kind: MachineKind
  /** How many CPUs its kernel can hold: the ids of `possible`. */
  readonly possible: number
  /** The same each time, or decided each time. */
  onPlug: OnPlug | (() => OnPlug) = 'accept'
  /** The same each time, or decided each time. */
  onUnplug: OnUnplug | (() => OnUnplug) = 'remove'
  /** Does it turn every CPU on as it appears, as udev rules do? pseries does by itself. */
  autoOnline = false
  /** Called when it goes down to boot again, and when it is up again. */
  onBoot: (what: 'down' | 'up') => void = () => undefined
  readonly #clock: Clock
  readonly #seed: number
  readonly #seats: GuestSeats
  readonly #load: GuestLoad
  #boot: number
  #bootedAtMs: number
  readonly #bootable: boolean
  #up: boolean
  #hasBeenUp: boolean
  #running = true
  #tasks: (() => void)[] = []
  #tasksWhenUp: (() => void)[] = []

  constructor(options: SimulatedGuestOptions) {
    this.kind = options.kind
    this.possible = options.possible
    this.#clock = options.clock ?? systemClock
    this.#seed = options.seed ?? 0
    this.#boot = options.firstBoot ?? 1
    this.#bootedAtMs = this.#clock.now()
    this.#seats = new GuestSeats(options.kind, options.possible)
    this.#load = new GuestLoad(this.#clock, () =>
      this.seats.filter(({ online }) => online).map(({ logicalId }) => logicalId),
    )
    const { isUp = true, bootable = true } = options
    this.#bootable = bootable
    this.#up = isUp
    this.#hasBeenUp = isUp
    if (isUp) this.#seats.fill(options.vcpus)
  }

  /** Which boot this is, counted from 1. */
  get boot(): number {
    return this.#boot
  }

  /** Is it up, and not on its way there? */
  get isUp(): boolean {
    return this.#up
  }

  /** Has it been up since QEMU began? Some of what QEMU does waits for the first time. */
  get hasBeenUp(): boolean {
    return this.#hasBeenUp
  }

  /** Does the kernel run this vCPU? Before there is one, the first vCPU runs the firmware. */
  runs(cpuIndex: number): boolean {
    if (!this.#up) return cpuIndex === 0
    return this.seats.some((seat) => seat.online && seat.cpuIndex === cpuIndex)
  }

  /** What `/proc/sys/kernel/random/boot_id` says: another one each boot. */
  get bootId(): string {
    return bootIdOf(this.#seed, this.#boot)
  }

  /** Since this boot began, in milliseconds. */
  get uptimeMs(): number {
    return this.#clock.now() - this.#bootedAtMs
  }

  /**
   * How many CPUs' worth of work its programs have; none unless set. `guest-get-load` says it at once, and
   * `guest-get-cpustats` how the CPUs have spent the time until now.
   */
  get load(): number {
    return this.#load.wanted
  }

  set load(cpus: number) {
    this.#load.wanted = cpus
  }

  /** Its CPUs, ascending. */
  get seats(): readonly GuestSeat[] {
    return this.#seats.all
  }

  /** The vCPU that one of its CPUs is. */
  cpuIndexOf(logicalId: number): number | undefined {
    return this.#seats.find(logicalId)?.cpuIndex
  }

  /** Do `task` now, or once the guest runs again. */
  soon(task: () => void): void {
    if (this.#running) task()
    else this.#tasks.push(task)
  }

  /** Do `task` now, or once it is up and runs: what its programs do. */
  whenUp(task: () => void): void {
    if (this.#up && this.#running) task()
    else this.#tasksWhenUp.push(task)
  }

  /** Its vCPUs stand still: what it was asked to do waits. */
  pause(): void {
    this.#running = false
  }

  /** It goes on where it stood. */
  resume(): void {
    this.#running = true
    for (const task of this.#tasks.splice(0)) task()
    this.#startPrograms()
  }

  /** Plugged vCPUs show up, each under the next free id: offline on x86 and s390x, online on pseries. */
  appear(cpuIndexes: readonly number[]): void {
    this.#load.account()
    this.#seats.add(cpuIndexes, this.kind === 'pseries' || this.autoOnline)
  }

  /** Unplugged vCPUs are gone; on pseries their ids stay listed. */
  vanish(cpuIndexes: readonly number[]): void {
    this.#load.account()
    this.#seats.remove(cpuIndexes)
  }

  /**
   * Boot anew: what was being done is forgotten, and the vCPUs that are plugged now are numbered, all online: in the order of
   * their ids, on pseries in that of plugging (docs/wire-notes.md).
   *
   * @param vcpus - their cpu-indexes in plug order; those that it has unless given
   */
  reboot(vcpus: readonly number[] = this.seats.flatMap(({ cpuIndex }) => cpuIndex ?? [])): void {
    this.goDown()
    this.comeUp(vcpus)
  }

  /** The first half of {@link SimulatedGuest.reboot}: it is down, and knows of nothing. */
  goDown(): void {
    this.#boot++
    this.#bootedAtMs = this.#clock.now()
    this.#up = false
    this.#tasks = []
    this.#seats.clear()
    this.#load.reset()
    this.onBoot('down')
  }

  /** The second half of {@link SimulatedGuest.reboot}. */
  comeUp(vcpus: readonly number[]): void {
    if (!this.#bootable) return
    this.#hasBeenUp = true
    this.#load.reset()
    this.#seats.fill(this.kind === 'pseries' ? vcpus : [...vcpus].sort((a, b) => a - b))
    this.#up = true
    this.onBoot('up')
    this.#startPrograms()
  }

  /** What `guest-get-vcpus` returns: in no order. */
  vcpus(): readonly GuestCpu[] {
    return this.#seats.listed()
  }

  /** What `guest-get-load` returns. */
  loadAverages(): object {
    return this.#load.averages()
  }

  /** What `guest-get-cpustats` returns. */
  cpuStats(): readonly object[] {
    return this.#load.cpuStats()
  }

  /** Can this CPU be turned off, in general? */
  canOffline(logicalId: number): boolean {
    return this.#seats.canOffline(logicalId)
  }

  /**
   * Turn a CPU on or off.
   *
   * @throws {@link Refusal} in the agent's words
   */
  setOnline(logicalId: number, online: boolean): void {
    this.#load.account()
    this.#seats.setOnline(logicalId, online)
  }

  #startPrograms(): void {
    if (this.#up && this.#running) for (const task of this.#tasksWhenUp.splice(0)) task()
  }
}
