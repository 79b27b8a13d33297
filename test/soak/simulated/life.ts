import { getEventListeners } from 'node:events'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { Domain, type Clock } from '../../../src/index.ts'
import { SimulatedVm, type Random } from '../../../src/testing/index.ts'
import type { Picture } from '../acts.ts'
import { Follower } from '../follower.ts'
import type { Truth } from '../judge.ts'
import { Relay } from '../relay.ts'

/** Both ends are in this process: on a host with no time for it a greeting takes longer than the usual five seconds. */
const CONNECT_MS = 60_000
const LIMITS = { qmp: { dialMs: CONNECT_MS }, qga: { dialMs: CONNECT_MS, syncMs: CONNECT_MS } }

/** Of what happened in a step, for people. */
const MOST_ENTRIES = 60

/** How a client reaches its VM. */
export interface Reach {
  /** Where its sockets are; in memory unless given. */
  readonly directory: string | undefined
  /** What the sockets are called. */
  readonly name: string
}

/** A simulated VM from its start to its end, with a client. */
export class SimulatedLife {
  readonly vm: SimulatedVm
  readonly domain: Domain
  readonly follower: Follower
  /** Aborts the calls of this life; all of them share it. */
  readonly controller: AbortController
  readonly #relays: readonly Relay[]
  readonly #dialled: Map<'qmp' | 'qga', Duplex>

  private constructor(vm: SimulatedVm, domain: Domain, relays: readonly Relay[], dialled: Map<'qmp' | 'qga', Duplex>) {
    this.vm = vm
    this.domain = domain
    this.follower = new Follower(domain)
    this.controller = new AbortController()
    this.#relays = relays
    this.#dialled = dialled
  }

  static async begin(random: Random, clock: Clock, { directory, name }: Reach): Promise<SimulatedLife> {
    const isPseries = random.integer(1, 6) === 1
    const vm = new SimulatedVm({
      machine: isPseries
        ? { kind: 'pseries', bootVcpus: 1, maxcpus: 12 }
        : { kind: 'x86', bootVcpus: random.integer(1, 3), maxcpus: random.pick([8, 16, 32]) },
      clock,
      seed: random.integer(1, 1_000_000_000),
      guest: { autoOnline: random.integer(1, 5) === 1 },
    })
    const dialled = new Map<'qmp' | 'qga', Duplex>()
    const noting = (peer: 'qmp' | 'qga') => (): Duplex => {
      const duplex = vm[peer]()
      dialled.set(peer, duplex)
      return duplex
    }
    const reconnect = random.pick(['on-demand', 'eager'] as const)
    const options = { clock, name, reconnect, timeoutMs: CONNECT_MS, limits: LIMITS }
    if (directory === undefined) {
      const domain = await Domain.connect({ ...options, qmp: noting('qmp'), qga: noting('qga') })
      return new SimulatedLife(vm, domain, [], dialled)
    }
    const qmp = await Relay.listen(join(directory, `${name}-qmp.sock`), vm.qmp)
    const qga = await Relay.listen(join(directory, `${name}-qga.sock`), vm.qga)
    try {
      const domain = await Domain.connect({ ...options, qmp: qmp.path, qga: qga.path })
      return new SimulatedLife(vm, domain, [qmp, qga], dialled)
    } catch (error) {
      await Promise.all([qmp.close(), qga.close()])
      throw error
    }
  }

  /** What is really plugged. */
  truth(): Truth {
    return new Map(
      this.vm.truth().slots.flatMap(({ device, vcpus, pendingUnplug }) =>
        device === undefined
          ? []
          : vcpus.map(({ id, guest }, thread) => {
              const seat = guest === undefined ? null : { id: guest.logicalId, online: guest.online }
              // A core of pseries is the device, and its vCPUs are below it.
              const path = this.vm.guest.kind === 'pseries' ? `${device.path}/thread[${thread}]` : device.path
              return [id, { path, guest: seat, mayGo: pendingUnplug !== undefined }] as const
            }),
      ),
    )
  }

  /** What differs between two moments between which anything happened. */
  mark(): string {
    const { requests, switches, boot, qemu, status, isUp } = this.vm.truth()
    return JSON.stringify([[...this.truth()], requests.length, switches.length, boot, qemu, status, isUp])
  }

  picture(): Picture {
    const { slots } = this.vm.truth()
    return {
      possible: slots.reduce((sum, { vcpus }) => sum + vcpus.length, 0),
      plugged: [...this.truth().keys()],
      guestCpus: [...this.truth().values()].flatMap(({ guest }) => (guest === null ? [] : [guest])),
    }
  }

  /** The monitor's connection breaks off. */
  cut(): void {
    if (this.#relays.length === 0) this.vm.dropMonitor()
    else this.#relays[0]?.cut()
  }

  /** Listeners at the calls' signal, and at the connections that are open. */
  listeners(): number {
    const counts = [...this.#dialled.values()].map((duplex) =>
      duplex.destroyed ? 0 : duplex.eventNames().reduce((sum, name) => sum + duplex.listenerCount(name), 0),
    )
    return counts.reduce((sum, count) => sum + count, this.signalListeners())
  }

  signalListeners(): number {
    return getEventListeners(this.controller.signal, 'abort').length
  }

  /** What happened to the VM in this step, in a line. */
  describe(): string {
    const { status, isUp, boot, qemu } = this.vm.truth()
    const entries = this.vm.trace.slice(-MOST_ENTRIES).map((entry) => {
      const what = entry.what === 'command' ? entry.command : entry.what === 'event' ? entry.event : entry.what
      return `${Math.round(entry.atMs - (this.vm.trace[0]?.atMs ?? 0))} ${entry.what === 'act' ? entry.act : what}`
    })
    return `now ${status}, ${isUp ? 'up' : 'booting'}, boot ${boot} of QEMU ${qemu}; ${entries.join(', ')}`
  }

  /** What the simulation writes down is not the client's, and would grow. */
  forget(): void {
    for (const list of [this.vm.trace, this.vm.qemu.commands, this.vm.agent?.commands ?? []]) {
      ;(list as unknown[]).length = 0
    }
  }

  /** @returns what is false of the end */
  async end(): Promise<readonly string[]> {
    await this.domain.close()
    await this.follower.ended()
    await Promise.all(this.#relays.map((relay) => relay.close()))
    await this.vm[Symbol.asyncDispose]()
    const left = this.signalListeners()
    return [
      ...(this.domain.state === 'closed' ? [] : [`after close() its state is ${this.domain.state}`]),
      ...(left === 0 ? [] : [`after close() there are ${left} listeners at the signal of its calls`]),
    ]
  }
}
