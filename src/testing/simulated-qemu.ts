import type { Duplex } from 'node:stream'
import type { SocketAddress, SocketListener } from '../wire/socket.ts'
import { Board, type BoardDevice } from './board.ts'
import { ClientPort } from './client-port.ts'
import { CommandHooks, type CommandHandler, type ReceivedCommand } from './command-hooks.ts'
import { Hotplug, type HotplugQuirks } from './hotplug.ts'
import { planMachine, type MachineDescription, type MachinePlan } from './machine-description.ts'
import { QmpSession } from './qmp-session.ts'
import { Refusal } from './refusal.ts'
import { SimulatedGuest } from './simulated-guest.ts'

/** The machine, its quirks, and how the monitor behaves. */
export interface SimulatedQemuOptions extends MachineDescription, HotplugQuirks {
  /** `false`: connections succeed and hear nothing, as while another client holds the monitor. */
  readonly greets?: boolean
  /** What the greeting offers; `['oob']` unless given. */
  readonly capabilities?: readonly string[]
}

/** The events' clock starts here, in seconds since 1970, and goes on a microsecond an event: the same in every run. */
const EPOCH_SECONDS = 1_700_000_000

/**
 * A QEMU monitor with a machine behind it, for unit tests: it speaks QMP as QEMU does, plugs and unplugs vCPUs, and has a
 * guest that can be scripted. There is no timer in it: what happens, happens within a few ticks, in the same order each
 * time.
 */
export class SimulatedQemu implements AsyncDisposable {
  /** The guest's kernel; script it with `guest.onPlug` and `guest.onUnplug`. */
  readonly guest: SimulatedGuest
  readonly #plan: MachinePlan
  readonly #board: Board
  readonly #hotplug: Hotplug
  readonly #hooks: CommandHooks
  readonly #port: ClientPort
  #session: QmpSession | undefined
  #running = true
  #events = 0

  /** @throws {@link InputError} `ERR_MACHINE` for a machine that QEMU would not start */
  constructor(options: SimulatedQemuOptions) {
    const plan = planMachine(options)
    this.#plan = plan
    this.#board = new Board(plan)
    const vcpus = this.pluggedVcpus
    const possible = plan.slots.reduce((sum, { count }) => sum + count, 0)
    this.guest = new SimulatedGuest({ kind: plan.kind, vcpus, possible })
    this.#hotplug = new Hotplug(this.#board, this.guest, options, (event, data) => {
      this.emit(event, data)
    })
    this.#hooks = new CommandHooks({
      qmp_capabilities: () => undefined,
      'query-version': () => this.#version,
      'query-status': () => ({ running: this.#running, status: this.#running ? 'running' : 'paused' }),
      'query-cpus-fast': () => this.#board.cpusFast(),
      'query-hotpluggable-cpus': () => this.#board.hotpluggableCpus(),
      'query-acpi-ospm-status': () => this.#hotplug.ospmStatus(),
      'query-yank': () => [],
      'qom-get': ({ path, property }) => this.#property(path, property),
      device_add: (args) => {
        this.#hotplug.plug(args)
      },
      device_del: (args) => {
        this.#hotplug.unplug(args)
      },
      system_reset: () => {
        process.nextTick(() => {
          this.#hotplug.reset()
          this.emit('RESET', { guest: false, reason: 'host-qmp-system-reset' })
        })
      },
      stop: () => {
        this.#setRunning(false)
      },
      cont: () => {
        this.#setRunning(true)
      },
      quit: () => {
        process.nextTick(() => {
          this.emit('SHUTDOWN', { guest: false, reason: 'host-qmp-quit' })
          this.kill()
        })
      },
    })
    const { capabilities = ['oob'], greets = true } = options
    this.#port = new ClientPort({
      onOpen: (client) => {
        if (!greets) return
        this.#session = new QmpSession(client, {
          capabilities,
          run: (command, args) => this.#hooks.run(command, args),
          log: (received) => this.#hooks.received.push(received),
        })
        this.#session.send({ QMP: { version: this.#version, capabilities } })
      },
      onBytes: (_, bytes) => {
        this.#session?.push(bytes)
      },
      onGone: () => {
        this.#session = undefined
      },
    })
  }

  /** Every command received so far, `qmp_capabilities` included. */
  get commands(): readonly ReceivedCommand[] {
    return this.#hooks.received
  }

  /** cpu-indexes of the plugged vCPUs, in plug order. */
  get pluggedVcpus(): readonly number[] {
    return this.#board.devices.flatMap(({ vcpus }) => vcpus.map(({ cpuIndex }) => cpuIndex))
  }

  /** QOM paths of the devices that QEMU has asked for and the guest has not given. */
  get pendingUnplugs(): readonly string[] {
    return this.#hotplug.pending.map(({ path }) => path)
  }

  /** A connection to the monitor: the client's end. It is served when those before it have left. */
  connect(): Duplex {
    return this.#port.connect()
  }

  /** Serve the monitor on a UNIX or TCP socket too. */
  listen(address: SocketAddress): Promise<SocketListener> {
    return this.#port.listen(address)
  }

  /** Answer `command` with `handler` until the function returned is called. */
  onCommand(command: string, handler: CommandHandler): () => void {
    return this.#hooks.hook(command, handler)
  }

  /** Send an event to the client, once it has negotiated. */
  emit(event: string, data: object = {}): void {
    const timestamp = { seconds: EPOCH_SECONDS, microseconds: this.#events++ }
    if (this.#session?.ready === true) this.#session.send({ timestamp, event, data })
  }

  /** The guest gives what QEMU has asked for: one device, by id or QOM path, or all. */
  completePendingUnplug(idOrPath?: string): void {
    for (const device of this.#pendingOf(idOrPath)) this.#hotplug.complete(device)
  }

  /** The guest refuses what QEMU has asked for. */
  refusePendingUnplug(idOrPath?: string): void {
    for (const device of this.#pendingOf(idOrPath)) this.#hotplug.refuse(device)
  }

  /** The client's connection drops; QEMU lives on. */
  dropClient(): void {
    this.#port.drop()
  }

  /** QEMU dies: every connection ends, and there will be no other. */
  kill(): void {
    void this.#port.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#port.close()
  }

  get #version(): object {
    return { qemu: this.#plan.version, package: 'simulated' }
  }

  /** Of all properties only these: how pseries numbers its hardware threads, and that the CPU model has no x2APIC. */
  #property(path: unknown, property: unknown): number | boolean {
    const { kind, slots } = this.#plan
    if (path === '/machine' && property === 'vsmt' && kind === 'pseries') return slots[0]?.count ?? 1
    if (property === 'x2apic' && kind === 'x86') return false
    throw new Refusal(`Property '${String(path)}.${String(property)}' not found`)
  }

  #pendingOf(idOrPath: string | undefined): readonly BoardDevice[] {
    return this.#hotplug.pending.filter(
      ({ id, path }) => idOrPath === undefined || idOrPath === id || idOrPath === path,
    )
  }

  #setRunning(running: boolean): void {
    if (this.#running === running) return
    this.#running = running
    this.emit(running ? 'RESUME' : 'STOP')
    if (running) this.guest.resume()
    else this.guest.pause()
  }
}
