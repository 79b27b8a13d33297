import type { Duplex } from 'node:stream'
import { inBackground } from '../wire/background.ts'
import type { SocketListener } from '../wire/listen.ts'
import type { SocketAddress } from '../wire/socket.ts'
import { Board, type BoardDevice } from './board.ts'
import { CommandHooks, type CommandArguments, type CommandHandler, type ReceivedCommand } from './command-hooks.ts'
import { EventOutlet } from './event-outlet.ts'
import { Hotplug, type HotplugQuirks } from './hotplug.ts'
import { planMachine, type MachineDescription, type MachinePlan } from './machine-description.ts'
import { Monitors } from './monitors.ts'
import { qemuCommands } from './qemu-commands.ts'
import { RunState } from './run-state.ts'
import { SimulatedGuest } from './simulated-guest.ts'
import type { QemuSurroundings } from './surroundings.ts'

/** The machine, its quirks, and how the monitor behaves. */
export interface SimulatedQemuOptions extends MachineDescription, HotplugQuirks {
  /** `false`: connections succeed and hear nothing, as while another client holds the monitor. */
  readonly greets?: boolean
  /** What the greeting offers; `['oob']` unless given. */
  readonly capabilities?: readonly string[]
  /** Started with `-S`: nothing has run yet, firmware included, until `cont`. */
  readonly paused?: boolean
  /** `false`: it has nothing to boot, and the firmware waits for ever. */
  readonly bootable?: boolean
}

/**
 * A QEMU monitor with a machine behind it, for unit tests: it speaks QMP as QEMU does, plugs and unplugs vCPUs, and has a
 * guest that can be scripted. There is no timer in it: what happens, happens within a few ticks, in the same order each
 * time. A {@link SimulatedVm} puts time, an agent and faults around it.
 */
export class SimulatedQemu implements AsyncDisposable {
  /** The guest's kernel; script it with `guest.onPlug` and `guest.onUnplug`. */
  readonly guest: SimulatedGuest
  /**
   * The slots and what is in them.
   *
   * @internal
   */
  readonly board: Board
  readonly #surroundings: QemuSurroundings
  readonly #plan: MachinePlan
  readonly #hotplug: Hotplug
  readonly #runState: RunState
  readonly #hooks: CommandHooks
  readonly #monitors: Monitors
  readonly #outlet: EventOutlet
  #quitting = false

  /** @throws {@link InputError} `ERR_MACHINE` for a machine that QEMU would not start */
  constructor(options: SimulatedQemuOptions)
  /** @internal */
  constructor(options: SimulatedQemuOptions, surroundings?: QemuSurroundings)
  constructor(options: SimulatedQemuOptions, surroundings: QemuSurroundings = {}) {
    this.#surroundings = surroundings
    const plan = planMachine(options)
    this.#plan = plan
    this.board = new Board(plan, surroundings.firstThreadId)
    const vcpus = this.pluggedVcpus
    const possible = plan.slots.reduce((sum, { count }) => sum + count, 0)
    const { clock, seed, firstBoot, pace, accelerator } = surroundings
    const { paused = false, bootable = true } = options
    const isUp = bootable && !paused
    this.guest = new SimulatedGuest({ kind: plan.kind, vcpus, possible, clock, seed, firstBoot, isUp, bootable })
    this.#outlet = new EventOutlet({
      clock,
      route: surroundings.route,
      publish: (message) => {
        this.#monitors.publish(message)
      },
    })
    const emit = (event: string, data?: object): void => {
      this.emit(event, data)
    }
    this.#hotplug = new Hotplug(this.board, this.guest, options, emit, pace)
    this.#runState = new RunState(this.guest, emit, paused)
    if (paused) this.guest.pause()
    if (!isUp && bootable) this.#hotplug.boot(true)
    this.#hooks = new CommandHooks({
      ...qemuCommands({
        board: this.board,
        hotplug: this.#hotplug,
        runState: this.#runState,
        version: this.#version,
        accelerator,
        operates: (cpuIndex) => this.guest.runs(cpuIndex),
        kill: () => {
          this.kill()
        },
        reset: () => {
          this.reset()
        },
        quit: () => {
          this.emit('SHUTDOWN', { guest: false, reason: 'host-qmp-quit' })
          this.#quitting = true
          // This command is answered, and no other.
          setImmediate(() => {
            this.kill()
          })
        },
      }),
      ...surroundings.commands?.(this.board),
    })
    const { capabilities = ['oob'], greets = true } = options
    this.#monitors = new Monitors({
      version: this.#version,
      capabilities,
      greets,
      major: plan.version.major,
      run: (command, args) => this.#hooks.run(command, args),
      knows: (command) => this.#hooks.knows(command),
      isOver: () => this.#quitting,
      log: (received) => this.#hooks.received.push(received),
      deliver: surroundings.deliver,
    })
  }

  /** Every command received so far, `qmp_capabilities` included. */
  get commands(): readonly ReceivedCommand[] {
    return this.#hooks.received
  }

  /** cpu-indexes of the plugged vCPUs, in plug order. */
  get pluggedVcpus(): readonly number[] {
    return this.board.devices.flatMap(({ vcpus }) => vcpus.map(({ cpuIndex }) => cpuIndex))
  }

  /** QOM paths of the devices that QEMU has asked for and the guest has not given. */
  get pendingUnplugs(): readonly string[] {
    return this.#hotplug.pending.map(({ path }) => path)
  }

  /**
   * The boot of the guest that was asked last for this device; `undefined` where no unplug is pending.
   *
   * @internal
   */
  unplugAskedOf(device: BoardDevice): number | undefined {
    return this.#hotplug.askedOf(device)
  }

  /** Whether the guest runs: the words of `query-status`. */
  get status(): string {
    return this.#runState.status
  }

  /** A connection to the monitor: the client's end. It is served when those before it have left. */
  connect(): Duplex {
    return this.#monitors.connect()
  }

  /** A connection to a monitor of its own, which no other client can hold: the client's end. */
  connectApart(): Duplex {
    return this.#monitors.connectApart()
  }

  /** Serve the monitor on a UNIX or TCP socket too. */
  listen(address: SocketAddress): Promise<SocketListener> {
    return this.#monitors.listen(address)
  }

  /** Answer `command` with `handler` until the function returned is called. */
  onCommand(command: string, handler: CommandHandler): () => void {
    return this.#hooks.hook(command, handler)
  }

  /**
   * Carry out a command as for a client of another monitor: past hooks, faults and the log.
   *
   * @throws {@link Refusal} as QEMU refuses
   */
  command(command: string, args: CommandArguments = {}): unknown {
    return this.#hooks.runUsual(command, args)
  }

  /** Send an event to every client that has negotiated. */
  emit(event: string, data?: object): void {
    this.#outlet.emit(event, data)
  }

  /** Do `task`, of whose events no client hears. */
  unheard(task: () => void): void {
    this.#outlet.unheard(task)
  }

  /** The machine is reset, by the host unless `guest`. */
  reset(guest = false): void {
    this.#hotplug.reset()
    this.#runState.afterReset()
    this.emit('RESET', { guest, reason: guest ? 'guest-reset' : 'host-qmp-system-reset' })
  }

  /** The guest boots another kernel by itself; QEMU does not hear of it. */
  kexec(): void {
    this.#hotplug.reboot()
  }

  /** Somebody stops the guest. */
  stop(): void {
    this.#runState.stop()
  }

  /** The guest panics, and is kept as it is. */
  panic(): void {
    this.#runState.panic()
  }

  /** The guest turns itself off, and QEMU stays. */
  shutdown(): void {
    this.#runState.shutdown()
  }

  /** Somebody lets it run again. */
  resume(): void {
    this.#runState.resume()
  }

  /** The guest gives what QEMU has asked for: one device, by id or QOM path, or all. */
  completePendingUnplug(idOrPath?: string): void {
    for (const device of this.#pendingOf(idOrPath)) this.#hotplug.complete(device)
  }

  /** The guest refuses what QEMU has asked for. */
  refusePendingUnplug(idOrPath?: string): void {
    for (const device of this.#pendingOf(idOrPath)) this.#hotplug.refuse(device)
  }

  /** The events of a refusal, though the guest goes on with what it was asked for: they are of an earlier request. */
  announceRefusal(idOrPath?: string): void {
    for (const device of this.#pendingOf(idOrPath)) this.#hotplug.announceRefusal(device)
  }

  /** The client's connection drops; QEMU lives on. */
  dropClient(): void {
    this.#monitors.drop()
  }

  /** QEMU dies: every connection ends, and there will be no other. */
  kill(): void {
    inBackground('closing the monitors', this.#monitors.close())
    this.#surroundings.onKill?.()
  }

  /** Closes its monitors and everything that listens, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#monitors.close()
  }

  get #version(): object {
    return { qemu: this.#plan.version, package: 'simulated' }
  }

  #pendingOf(idOrPath: string | undefined): readonly BoardDevice[] {
    return this.#hotplug.pending.filter(
      ({ id, path }) => idOrPath === undefined || idOrPath === id || idOrPath === path,
    )
  }
}
