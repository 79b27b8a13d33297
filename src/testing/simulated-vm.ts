import type { Duplex } from 'node:stream'
import type { QgaExecutor } from '../qga/executor.ts'
import { systemClock } from '../wire/clock.ts'
import { ConnectionError } from '../errors/peer-errors.ts'
import type { Fault } from './fault.ts'
import { OtherClient } from './other-client.ts'
import { OwnExecutors, type OwnExecutorBehaviour, type OwnQmpExecutor } from './own-executors.ts'
import { Random } from './random.ts'
import type { SimulatedAgent } from './simulated-agent.ts'
import type { SimulatedGuest } from './simulated-guest.ts'
import type { SimulatedQemu } from './simulated-qemu.ts'
import type { SimulatedVmOptions } from './simulated-vm-options.ts'
import { frameOf, type VmFrame } from './vm-frame.ts'
import { VmLife } from './vm-life.ts'
import type { TraceEntry } from './vm-record.ts'
import { readTruth, type VmTruth } from './vm-truth.ts'

/**
 * A whole VM for tests: QEMU, its guest and the guest's agent, with whatever can happen to them. With a {@link VirtualClock}
 * and a seed a run of months takes seconds and is the same every time.
 */
export class SimulatedVm implements AsyncDisposable {
  /** What another client does. */
  readonly other: OtherClient
  /** The generator of the test's own choices; the VM draws from others. */
  readonly random: Random
  readonly #frame: VmFrame
  readonly #executors: OwnExecutors
  #life: VmLife

  /**
   * @throws {@link InputError} `ERR_MACHINE` for a machine that QEMU would not start, `ERR_FAULT` for a fault that cannot be
   */
  constructor(options: SimulatedVmOptions) {
    this.random = new Random(options.seed ?? 1)
    this.#frame = frameOf(options, this.random)
    this.#executors = new OwnExecutors(options.clock ?? systemClock)
    this.#life = new VmLife(this.#frame)
    this.other = OtherClient.of(() => this.#living(), this.#frame.record)
  }

  /** The QEMU that runs now; {@link SimulatedVm.restart} makes another. */
  get qemu(): SimulatedQemu {
    return this.#life.qemu
  }

  /** The guest that runs now. */
  get guest(): SimulatedGuest {
    return this.#life.qemu.guest
  }

  /** The agent that runs now. */
  get agent(): SimulatedAgent | undefined {
    return this.#life.agent
  }

  /** Everything that happened, in order; as it is plain data, two runs can be compared. */
  get trace(): readonly TraceEntry[] {
    return this.#frame.record.trace
  }

  /** The faults that are set. Setting others replaces them all, and begins to count anew. */
  get faults(): readonly Fault[] {
    return this.#frame.plan.faults
  }

  set faults(faults: readonly Fault[]) {
    this.#frame.plan.set(faults)
  }

  /** Set one more fault; the function returned takes it away again. */
  inject(fault: Fault): () => void {
    return this.#frame.plan.add(fault)
  }

  /** What is really so. */
  truth(): VmTruth {
    return readTruth(this.#life.moment, this.#life.isAlive, this.qemu, this.#frame.record)
  }

  /**
   * An endpoint: a new connection to the monitor.
   *
   * @throws {@link ConnectionError} `ERR_CONNECT` while no QEMU is there
   */
  readonly qmp = (): Duplex => this.#living().qemu.connect()

  /**
   * An endpoint: a new connection to the agent's channel.
   *
   * @throws {@link ConnectionError} `ERR_CONNECT` while no QEMU is there, or for a VM without an agent
   */
  readonly qga = (): Duplex => {
    const { agent } = this.#living()
    if (agent === undefined) throw nothingListens('the VM has no channel for an agent')
    return agent.connect()
  }

  /** An executor as a daemon has its own: over a monitor that no other client shares. */
  qmpExecutor(behaviour: OwnExecutorBehaviour = {}): OwnQmpExecutor {
    return this.#executors.qmp(() => this.#living().qemu.connectApart(), behaviour)
  }

  /** An executor as a daemon has its own, over the agent's one channel. */
  qgaExecutor(behaviour: Omit<OwnExecutorBehaviour, 'events'> = {}): QgaExecutor {
    return this.#executors.qga(this.qga, behaviour)
  }

  /** The machine is reset; with `heard: false` no client hears of it, as when its connection was down. */
  reset({ heard = true }: { readonly heard?: boolean } = {}): void {
    this.#act(heard ? 'reset' : 'reset unheard')?.reset(heard)
  }

  /** The guest boots another kernel without QEMU (kexec). */
  kexec(): void {
    this.#act('kexec')?.qemu.kexec()
  }

  /**
   * Another QEMU takes the place of this one, at the same address: what was hotplugged is gone, and the guest boots.
   *
   * @param options - `downMs`: how long nothing is there in between
   */
  restart({ downMs = 0 }: { readonly downMs?: number } = {}): void {
    this.#act('restart')
    this.#life.kill()
    const former = this.#life
    this.#frame.stopwatch.after(downMs, () => {
      if (this.#life !== former) return
      this.#life = new VmLife(this.#frame, former)
      this.#executors.reconnect()
    })
  }

  /** QEMU dies, and no other takes its place until {@link SimulatedVm.restart}. */
  kill(): void {
    this.#act('kill')?.kill()
  }

  /** Every monitor's connection ends; QEMU lives on. */
  dropMonitor(): void {
    this.#act('drop monitor')?.qemu.dropClient()
  }

  /**
   * Another client takes the monitor, as soon as the one who has it leaves: connections made after that hear nothing.
   *
   * @param ms - for so long; until the function returned is called unless given, or without a clock
   */
  holdMonitor(ms?: number): () => void {
    const holder = this.#act('hold monitor')?.qemu.connect()
    // It hears the greeting, and says nothing.
    holder?.on('error', () => undefined).resume()
    const release = (): void => {
      holder?.destroy()
    }
    if (ms !== undefined) this.#frame.clock?.after(ms, release)
    return release
  }

  /** The connection to the agent's channel ends; the agent lives on. */
  dropAgent(): void {
    this.#act('drop agent')?.agent?.dropClient()
  }

  /** The agent ends and another one starts: `VSERPORT_CHANGE` tells of both. */
  restartAgent(): void {
    this.#act('restart agent')?.restartAgent()
  }

  /** The agent answers nothing until {@link SimulatedVm.contAgent}. */
  stopAgent(): void {
    this.#act('stop agent')?.agent?.halt()
  }

  /** It goes on, and answers what it was asked meanwhile. */
  contAgent(): void {
    this.#act('cont agent')?.contAgent()
  }

  /** Somebody stops the guest: `STOP`, `paused`. */
  pause(): void {
    this.#act('pause')?.qemu.stop()
  }

  /**
   * Somebody lets it run again: `RESUME`.
   *
   * @throws {@link Refusal} where only a reset helps
   */
  resume(): void {
    this.#act('resume')?.qemu.resume()
  }

  /** The guest panics, and QEMU keeps it as it is: `GUEST_PANICKED`, `guest-panicked`. */
  panic(): void {
    this.#act('panic')?.qemu.panic()
  }

  /** The guest turns itself off, and QEMU stays (`-no-shutdown`): `SHUTDOWN`, `shutdown`. */
  shutdown(): void {
    this.#act('shutdown')?.qemu.shutdown()
  }

  /** The same as {@link SimulatedVm.kill}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#life.kill()
    return Promise.resolve()
  }

  /** What it happens to; nothing happens to a QEMU that is not there. */
  #act(act: string): VmLife | undefined {
    this.#frame.record.act(this.#life.moment, act)
    return this.#life.isAlive ? this.#life : undefined
  }

  #living(): VmLife {
    if (this.#life.isAlive) return this.#life
    throw nothingListens('no QEMU is running')
  }
}

function nothingListens(why: string): ConnectionError {
  return new ConnectionError('ERR_CONNECT', `cannot connect to the simulated VM: ${why}`, { outcome: 'not-sent' })
}
