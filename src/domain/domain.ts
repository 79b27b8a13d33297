import { computeVcpuMaps, type GuestMaps, type VcpuMaps } from '../bitmap/machine/maps.ts'
import { requireCpuId } from '../bitmap/set/cpu-id.ts'
import type { CpuMap } from '../bitmap/set/cpu-map.ts'
import { InputError } from '../errors/input-error.ts'
import { named } from '../errors/vm-names.ts'
import { reachAgent } from '../qga/reconnecting-client.ts'
import type { QgaExecutor } from '../qga/executor.ts'
import { reachMonitor } from '../qmp/reconnecting-client.ts'
import type { QmpExecutor } from '../qmp/executor.ts'
import { timeoutOf, type CallOptions } from '../wire/call-options.ts'
import { checkBothLimits } from '../wire/checked-limits.ts'
import { systemClock, type Clock } from '../wire/clock.ts'
import { Deadline } from '../wire/deadline.ts'
import type { Link } from '../wire/endpoint.ts'
import type { EventStream } from '../wire/event-stream.ts'
import { socketPathOf } from '../wire/target.ts'
import { changeGuestCpu } from './change/change-guest-cpu.ts'
import { CHANGE_TIMEOUT_MS, setVcpuState } from './change/set-vcpu-state.ts'
import { requireMapKind, requireState } from './check-input.ts'
import { printableFinding, type Finding } from './doctor/finding.ts'
import { readGuestMaps } from './guest/cpus.ts'
import { readVcpuOfGuestCpu, readVcpus } from './guest/read-vcpus.ts'
import { nameOf, type DomainOptions } from './domain-options.ts'
import {
  type ChangeResult,
  type SetVcpuStateOptions,
  type Vcpu,
  type VcpuChange,
  type VcpuMapKind,
  type VcpusOptions,
} from './results.ts'
import { requireTwoEndpoints } from './same-endpoint.ts'
import { layoutGoal } from './layout/layout-goal.ts'
import type { VcpuLayout } from './layout/layout.ts'
import { readLayout } from './layout/read-layout.ts'
import { countGoal, statesGoal } from './scale/goal.ts'
import { guestCountGoal, guestStatesGoal } from './scale/guest-goal.ts'
import type { GuestScaleResult } from './scale/guest-run.ts'
import type { Plan } from './scale/plan-step.ts'
import type { PlanOptions } from './scale/plan.ts'
import type { ScaleOptions, SetVcpuStatesOptions } from './scale/progress.ts'
import { Runs } from './scale/runs.ts'
import type { ScaleRun } from './scale/scale-run.ts'
import { VmDriver } from './vm/driver.ts'
import { followExecutor, monitorListener } from './vm/follow-monitor.ts'
import { noMonitor, requireMonitor } from './vm/no-monitor.ts'
import { limitAgent } from './vm/most-vcpus.ts'
import type { DatedReading } from './vm/reading.ts'
import type { DomainEvent } from './vm/news.ts'
import { phaseOf, type DomainState, type DomainStateChange } from './vm/phase.ts'
import { pendingIds } from './vm/state.ts'
import { Vm } from './vm/vm.ts'
import { watchedAgent, watchedMonitor } from './vm/watched.ts'

const READ_TIMEOUT_MS = 10_000
/** Longer than the agent's own share of it: a mute guest must not hide what QEMU says. */
const DOCTOR_TIMEOUT_MS = 20_000

/**
 * One VM: libvirt's "New CPU hotplug APIs" RFC, straight on QEMU. One getter of vCPU maps; two setters that change one
 * vCPU each, one in QEMU and one in the guest. QEMU's ids are cpu-index, for empty slots too; the guest's are its logical
 * ids. The two numberings are different ones.
 *
 * Sending changes takes a turn, waiting for the guest does not; reads are never queued behind changes; the monitor and the
 * agent never wait for each other.
 */
export class Domain {
  /** What the VM is called: the caller's word for it, or where its monitor is. */
  readonly name: string
  readonly #monitor: Link<QmpExecutor>
  readonly #agent: Link<QgaExecutor> | undefined
  readonly #clock: Clock
  /** Of the monitor's UNIX socket, where it is one. */
  readonly #path: string | undefined
  readonly #vm: Vm
  readonly #runs: Runs

  private constructor(options: DomainOptions) {
    const { trace, clock = systemClock, reconnect } = options
    this.#clock = clock
    const { qmp } = options
    this.#path = typeof qmp === 'string' ? socketPathOf(qmp) : undefined
    this.name = options.name ?? nameOf(qmp ?? options.qga)
    const limits = checkBothLimits(options.limits)
    const listener = monitorListener(() => this.#vm.driver)
    const connectTimeoutMs = timeoutOf(options, limits.qmp.greetingMs)
    this.#monitor =
      options.qmp === undefined
        ? noMonitor
        : reachMonitor(options.qmp, {
            // Not spread: a copy has a hidden class of its own, for each VM.
            onConnected: listener.onConnected,
            onDisconnected: listener.onDisconnected,
            onEvent: listener.onEvent,
            connectTimeoutMs,
            trace,
            vm: this.name,
            clock,
            reconnect,
            limits: options.limits?.qmp,
          })
    this.#agent =
      options.qga === undefined
        ? undefined
        : reachAgent(options.qga, {
            connectTimeoutMs,
            trace,
            vm: this.name,
            clock,
            reconnect,
            limits: options.limits?.qga,
          })
    const driver = new VmDriver(watchedMonitor(this.#monitor.executor, this.name), clock, options.limits, this.name)
    const agent =
      this.#agent === undefined ? undefined : watchedAgent(limitAgent(this.#agent.executor, driver.maxVcpus), this.name)
    this.#vm = new Vm(driver, agent)
    this.#runs = new Runs(this.#vm, READ_TIMEOUT_MS)
  }

  /**
   * Connect to a VM's monitor, and open its agent's channel where one is given. The agent itself may start later.
   *
   * @throws {@link ConnectionError} when a socket is missing, held by another client, or not what it should be
   * @throws {@link InputError} for an address, a time-out or a limit that cannot be, without any endpoint, and for one address given
   *   as both
   */
  static async connect(options: DomainOptions): Promise<Domain> {
    options.signal?.throwIfAborted()
    if (options.qmp === undefined && options.qga === undefined) {
      throw new InputError('ERR_ADDRESS', 'neither `qmp` nor `qga` is given: there is nothing to connect to')
    }
    const domain = new Domain(options)
    requireTwoEndpoints(options)
    try {
      await named(domain.name, async () => {
        await domain.#monitor.open(options.signal)
        if (options.lazyAgent !== true) await domain.#agent?.open(options.signal)
      })
    } catch (error) {
      await domain.close()
      throw error
    }
    followExecutor(domain.#monitor.executor, domain.#vm.driver)
    return domain
  }

  /**
   * One map of vCPUs, as it is now.
   *
   * @throws {@link InputError} for a kind that is none, or an `agent-` kind without an agent
   * @throws {@link ConnectionError}, {@link TimeoutError}, {@link CommandError}, {@link ProtocolError} as the peer fails
   * @throws {@link ContradictionError} when QEMU's replies contradict each other, or the guest's do
   */
  getVcpuMap(kind: VcpuMapKind = 'online', options: CallOptions = {}): Promise<CpuMap> {
    return named(this.name, () => this.#mapOf(kind, options))
  }

  /** All of QEMU's maps, from one reading. Errors as {@link Domain.getVcpuMap}. */
  getVcpuMaps(options: CallOptions = {}): Promise<VcpuMaps> {
    return named(this.name, async () => this.#mapsOf(await this.#read(options)))
  }

  /** All of the guest's maps, from one reading. Errors as {@link Domain.getVcpuMap}. */
  getGuestMaps(options: CallOptions = {}): Promise<GuestMaps> {
    return named(this.name, () => readGuestMaps(this.#vm.requireAgent(), this.#deadline(options, READ_TIMEOUT_MS)))
  }

  /**
   * Every vCPU of every slot, ascending, plugged or not; with an agent, each with the guest's side of it. Errors as
   * {@link Domain.getVcpuMap}.
   */
  vcpus(options: VcpusOptions = {}): Promise<Vcpu[]> {
    return named(this.name, () => readVcpus(this.#vm, this.#deadline(options, READ_TIMEOUT_MS), options))
  }

  /**
   * The vCPU of QEMU's that a CPU of the guest is: `null` where the guest certainly has no such CPU, `undefined` where it is
   * not known which vCPU it is. Errors as {@link Domain.getVcpuMap}.
   *
   * @param guestId - the guest's logical id
   */
  guestCpuToVcpu(guestId: number, options: CallOptions = {}): Promise<Vcpu | null | undefined> {
    return named(this.name, () => {
      requireCpuId(guestId)
      return readVcpuOfGuestCpu(this.#vm, guestId, this.#deadline(options, READ_TIMEOUT_MS))
    })
  }

  /**
   * Plug or unplug one vCPU in QEMU.
   *
   * Already in that state, or brought into it by somebody else: resolves with an empty `changed`. An unplug resolves when
   * QEMU's slot is empty. When its time runs out the request is still pending: a late removal is adopted, and another call
   * for the same slot joins the request, or asks QEMU again where it is not certain that QEMU and this boot of the guest
   * have it.
   *
   * With `{ guest: true }` the change is carried through into the guest and verified there, in both directions.
   *
   * @param id - the vCPU's cpu-index
   * @throws {@link InputError} for an id or a state that is none
   * @throws {@link RefusedError} when this machine cannot, before anything is sent; see its codes
   * @throws {@link GuestRefusedError} as soon as the guest refuses an unplug (`outcome: 'rejected'`)
   * @throws {@link CommandError} when QEMU refuses (`'rejected'`)
   * @throws {@link NotConfirmedError} when QEMU says yes and shows otherwise (`'unknown'`)
   * @throws {@link GuestChangeError} when QEMU's part or the guest's is done and the other failed (`'partial'`)
   * @throws {@link TimeoutError}, {@link ConnectionError}: their `outcome` says whether anything was sent
   */
  setVcpuState(id: number, online: boolean, options: SetVcpuStateOptions = {}): Promise<VcpuChange> {
    return named(this.name, () => setVcpuState(this.#vm, id, online, options))
  }

  /**
   * Turn one CPU of the guest on or off, through its agent.
   *
   * @param id - the guest's logical id, which is not QEMU's
   * @throws {@link InputError} for an id or a state that is none, or without an agent
   * @throws {@link RefusedError} when the guest has no such CPU or cannot change it, before anything is sent
   * @throws {@link CommandError} when the guest refuses (`outcome: 'rejected'`)
   * @throws {@link NotConfirmedError} when it says yes and shows the old state (`'unknown'`)
   * @throws {@link TimeoutError}, {@link ConnectionError}: their `outcome` says whether anything was sent
   */
  setGuestVcpuState(id: number, online: boolean, options: CallOptions = {}): Promise<ChangeResult> {
    return named(this.name, () => {
      requireState(id, online)
      this.#vm.requireAgent()
      return changeGuestCpu(this.#vm, id, online, this.#deadline(options, CHANGE_TIMEOUT_MS))
    })
  }

  /**
   * Turn CPUs of the guest on or off until it runs so many, one after the other: the lowest that are off first, the highest
   * that are on first. Nothing is plugged or unplugged. `timeoutMs` is for each step.
   *
   * @throws {@link NotReachableError} when the guest cannot run so many, or so few
   * @throws {@link GuestScaleError} when a step failed: it says what was changed, what failed, and what was not tried
   * @throws otherwise as {@link Domain.setGuestVcpuState}
   */
  scaleGuest(count: number, options: CallOptions = {}): Promise<GuestScaleResult> {
    return named(this.name, () => this.#runs.inGuest(guestCountGoal(count), options))
  }

  /**
   * Turn every CPU of a map on or off in the guest, one after the other; those that are so already are left alone. Checked
   * before anything is sent: one that cannot be changed, and none is. `timeoutMs` is for each step.
   *
   * @param map - the guest's logical ids
   * @throws as {@link Domain.scaleGuest}
   */
  setGuestVcpuStates(map: CpuMap, online: boolean, options: CallOptions = {}): Promise<GuestScaleResult> {
    return named(this.name, () => this.#runs.inGuest(guestStatesGoal(map, online), options))
  }

  /**
   * What {@link Domain.scale} would do: which slots, in which order, and why. Nothing is changed.
   *
   * @throws {@link InputError} for a count or a policy that is none
   * @throws {@link NotReachableError} when no plan ends at that count; it names the nearest that can be reached
   * @throws {@link RefusedError} `ERR_UNSURE`, with `guest`, where it matters which vCPUs run and that is not known
   */
  plan(count: number, options: PlanOptions & CallOptions = {}): Promise<Plan> {
    return named(this.name, () => this.#runs.plan(count, options))
  }

  /**
   * Reach a count of plugged vCPUs, or with `{ guest: true }` of those that the guest runs, one slot after the other. The
   * VM is read again after each step, so that what others change is seen. Await the run for its result, or iterate over its
   * progress. Runs of one domain follow one another. See {@link ScaleRun} for its errors.
   */
  scale(count: number, options: ScaleOptions = {}): ScaleRun {
    return this.#runs.start(countGoal(count, options), options, options.guest)
  }

  /**
   * Plug or unplug every vCPU of a map, in whole slots; those that are so already are left alone. Planned before anything is
   * sent: one id that cannot be changed, and none is.
   */
  setVcpuStates(map: CpuMap, online: boolean, options: SetVcpuStatesOptions = {}): ScaleRun {
    return this.#runs.start(statesGoal(map, online, options.wholeSlot), options, false)
  }

  /**
   * The vCPUs as they are now, for another QEMU: a restart, or the target of a migration. As JSON it can be kept, and
   * {@link parseLayout} reads it back. Changes nothing. Errors as {@link Domain.getVcpuMap}.
   *
   * @throws {@link RefusedError} `ERR_NO_HOTPLUG` where the machine has no slots
   */
  exportLayout(options: CallOptions = {}): Promise<VcpuLayout> {
    return named(this.name, () => readLayout(this.#vm, this.#deadline(options, READ_TIMEOUT_MS)))
  }

  /**
   * Plug what is missing of a layout, in the same slots, with the same device ids and in the same order. Planned before anything
   * is sent. See {@link ScaleRun} for its errors.
   *
   * @param layout - of {@link Domain.exportLayout}, also as `JSON.parse` reads it back
   * @throws {@link InputError} `ERR_LAYOUT` for what is no layout, naming the member that is wrong
   * @throws {@link RefusedError} `ERR_LAYOUT` where this machine differs from the layout's, or has something else plugged
   */
  applyLayout(layout: VcpuLayout, options: SetVcpuStatesOptions = {}): ScaleRun {
    return this.#runs.start(layoutGoal(layout), options, false)
  }

  /**
   * Look for all that stands in the way of vCPU hotplug in this VM, and say what to do about it. Changes nothing. What
   * cannot be looked into, such as a guest whose agent is dead, is a finding itself and hides no other.
   *
   * @returns the findings, the worst first
   * @throws {@link ConnectionError} when the monitor is lost
   */
  doctor(options: CallOptions = {}): Promise<readonly Finding[]> {
    return named(this.name, async () => {
      this.#vm.driver.throwIfClosed()
      requireMonitor(this.#monitor)
      const deadline = this.#deadline(options, DOCTOR_TIMEOUT_MS)
      const { runChecks } = await import('./doctor/run-checks.ts')
      const findings = await runChecks(this.#vm, deadline, this.#path)
      return findings.map(printableFinding)
    })
  }

  /** vCPUs whose unplug QEMU and this boot of the guest were asked for, and which is neither done nor refused yet. */
  pendingRemovals(): CpuMap {
    return pendingIds(this.#vm.driver.state)
  }

  /**
   * What happens to this VM's vCPUs and its connections from now on, for one reader: plugs and unplugs by anybody, from
   * QEMU's events and from a slow look while somebody listens. Ends when the domain closes; fails when the reader falls
   * behind.
   */
  changes(): EventStream<DomainEvent> {
    requireMonitor(this.#monitor)
    return this.#vm.driver.subscribe()
  }

  /** Is the monitor connected, lost and to be connected again, or is the domain closed? */
  get state(): DomainState {
    return phaseOf(this.#vm.driver.state)
  }

  /** Why the monitor is lost; `undefined` unless {@link Domain.state} is `reconnecting`. */
  get lostBy(): Error | undefined {
    return this.state === 'reconnecting' ? this.#vm.driver.state.lostBy : undefined
  }

  /** The present state, and each one that follows, for one reader. Ends when the domain closes, with `closed` as the last. */
  states(): EventStream<DomainStateChange> {
    return this.#vm.driver.phases()
  }

  /**
   * End everything: connections that were made here close, waits reject, watches end. Requests that were sent stay sent.
   * Closing again does nothing.
   */
  async close(): Promise<void> {
    this.#vm.driver.close()
    await Promise.all([this.#monitor.close(), this.#agent?.close()])
  }

  /** The same as {@link Domain.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #mapOf(kind: VcpuMapKind, options: CallOptions): Promise<CpuMap> {
    requireMapKind(kind)
    switch (kind) {
      case 'online':
      case 'onlinable':
      case 'offlinable':
      case 'possible':
        return this.#mapsOf(await this.#read(options))[kind]
      case 'agent-online':
        return (await this.getGuestMaps(options)).online
      case 'agent-offline':
        return (await this.getGuestMaps(options)).offline
      case 'agent-offlinable':
        return (await this.getGuestMaps(options)).offlinable
      case 'agent-onlinable':
        return (await this.getGuestMaps(options)).onlinable
      case 'agent-possible':
        return (await this.getGuestMaps(options)).possible
    }
  }

  #read(options: CallOptions): Promise<DatedReading> {
    return this.#vm.driver.read(this.#deadline(options, READ_TIMEOUT_MS))
  }

  /** In the very turn in which its caller is given it: a map must not fall behind what `changes()` has reported by then. */
  #mapsOf(reading: DatedReading): VcpuMaps {
    return computeVcpuMaps(this.#vm.driver.latest(reading).slots)
  }

  #deadline(options: CallOptions, defaultMs: number): Deadline {
    return new Deadline(options, defaultMs, this.#clock)
  }
}
