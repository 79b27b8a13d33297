import { computeVcpuMaps, type GuestMaps, type VcpuMaps } from '../bitmap/machine/maps.ts'
import { requireCpuId } from '../bitmap/set/cpu-id.ts'
import type { CpuMap } from '../bitmap/set/cpu-map.ts'
import { ConnectionError } from '../errors/peer-errors.ts'
import type { QgaExecutor } from '../qga/executor.ts'
import { reachAgent } from '../qga/reconnecting-client.ts'
import type { QmpExecutor } from '../qmp/executor.ts'
import { reachMonitor } from '../qmp/reconnecting-client.ts'
import { timeoutOf, type CallOptions } from '../wire/call-options.ts'
import { Deadline } from '../wire/deadline.ts'
import type { Endpoint, Link } from '../wire/endpoint.ts'
import type { EventStream } from '../wire/event-stream.ts'
import type { WireTrace } from '../wire/trace.ts'
import { TurnQueue } from '../wire/turn-queue.ts'
import { changeVcpu, joinRemoval } from './change/change-vcpu.ts'
import { Steps } from './change/steps.ts'
import { requireConfidence, requireMapKind, requireState } from './check-input.ts'
import type { Finding } from './doctor/finding.ts'
import { runChecks } from './doctor/run-checks.ts'
import type { DomainEvent } from './events.ts'
import { followEvents } from './follow-events.ts'
import { readGuestMaps } from './guest/cpus.ts'
import { readGuestView } from './guest/guest-view.ts'
import { setGuestVcpu } from './guest/set-online.ts'
import { listVcpus } from './list-vcpus.ts'
import type { ChangeResult, SetVcpuStateOptions, Vcpu, VcpuChange, VcpuMapKind, VcpusOptions } from './results.ts'
import { planStates } from './scale/plan-states.ts'
import type { Plan } from './scale/plan-step.ts'
import { planScale, type PlanOptions } from './scale/plan.ts'
import type { ScaleOptions, SetVcpuStatesOptions } from './scale/progress.ts'
import { ScaleRun } from './scale/scale-run.ts'
import { Vm } from './vm.ts'

const CONNECT_TIMEOUT_MS = 5_000
const READ_TIMEOUT_MS = 10_000
/** The guest's part takes seconds on a busy host (and under emulation): longer than libvirt's five. */
const CHANGE_TIMEOUT_MS = 30_000
/** Longer than the agent's own share of it: a mute guest must not hide what QEMU says. */
const DOCTOR_TIMEOUT_MS = 20_000

/** How to reach a VM. */
export interface DomainOptions extends CallOptions {
  /** The monitor: socket path, `{ host, port }`, a connected Duplex, or an executor of the caller's own. */
  readonly qmp: Endpoint<QmpExecutor>
  /** The guest agent's channel, in the same forms. Without it only QEMU's side can be seen and changed. */
  readonly qga?: Endpoint<QgaExecutor> | undefined
  /**
   * Open the agent's channel at its first use and not at once, so that a VM whose channel is missing can be connected all
   * the same.
   */
  readonly lazyAgent?: boolean | undefined
  /** Sees all traffic of connections that are made here. */
  readonly trace?: WireTrace | undefined
}

/**
 * One VM: libvirt's "New CPU hotplug APIs" RFC, straight on QEMU. One getter of vCPU maps; two setters that change one
 * vCPU each, one in QEMU and one in the guest. QEMU's ids are cpu-index, for empty slots too; the guest's are its logical
 * ids. The two numberings are different ones.
 *
 * Changes run one at a time; reads do not wait for them; the monitor and the agent never wait for each other.
 */
export class Domain {
  readonly #monitor: Link<QmpExecutor>
  readonly #agent: Link<QgaExecutor> | undefined
  readonly #vm: Vm
  readonly #changes = new TurnQueue('the change before it')
  #unfollow: () => void = () => undefined

  private constructor(monitor: Link<QmpExecutor>, agent: Link<QgaExecutor> | undefined) {
    this.#monitor = monitor
    this.#agent = agent
    this.#vm = new Vm(monitor.executor, agent?.executor)
  }

  /**
   * Connect to a VM's monitor, and open its agent's channel where one is given. The agent itself may start later.
   *
   * @throws {@link ConnectionError} when a socket is missing, held by another client, or not what it should be
   * @throws {@link InputError} for an address or a time-out that cannot be
   */
  static async connect(options: DomainOptions): Promise<Domain> {
    options.signal?.throwIfAborted()
    const linkOptions = {
      connectTimeoutMs: timeoutOf(options, CONNECT_TIMEOUT_MS),
      trace: options.trace,
    }
    const monitor = reachMonitor(options.qmp, {
      ...linkOptions,
      // The guest may have been reset while nobody listened.
      onReconnect: () => {
        domain.#vm.observed.clear()
      },
    })
    const agent = options.qga === undefined ? undefined : reachAgent(options.qga, linkOptions)
    const domain = new Domain(monitor, agent)
    try {
      await monitor.open(options.signal)
      if (options.lazyAgent !== true) await agent?.open(options.signal)
    } catch (error) {
      await domain.close()
      throw error
    }
    domain.#unfollow = followEvents(domain.#vm)
    return domain
  }

  /**
   * One map of vCPUs, as it is now.
   *
   * @throws {@link InputError} for a kind that is none, or an `agent-` kind without an agent
   * @throws {@link ConnectionError}, {@link TimeoutError}, {@link CommandError}, {@link ProtocolError} as the peer fails
   * @throws {@link ContradictionError} when QEMU's replies contradict each other, or the guest's do
   */
  async getVcpuMap(kind: VcpuMapKind = 'online', options: CallOptions = {}): Promise<CpuMap> {
    requireMapKind(kind)
    switch (kind) {
      case 'online':
      case 'onlinable':
      case 'offlinable':
      case 'possible':
        return (await this.getVcpuMaps(options))[kind]
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

  /** All of QEMU's maps, from one reading. Errors as {@link Domain.getVcpuMap}. */
  async getVcpuMaps(options: CallOptions = {}): Promise<VcpuMaps> {
    const { slots } = await this.#vm.read(new Deadline(options, READ_TIMEOUT_MS))
    return computeVcpuMaps(slots)
  }

  /** All of the guest's maps, from one reading. Errors as {@link Domain.getVcpuMap}. */
  async getGuestMaps(options: CallOptions = {}): Promise<GuestMaps> {
    return readGuestMaps(this.#vm.requireAgent(), new Deadline(options, READ_TIMEOUT_MS))
  }

  /**
   * Every vCPU of every slot, ascending, plugged or not; with an agent, each with the guest's side of it. Errors as
   * {@link Domain.getVcpuMap}.
   */
  async vcpus(options: VcpusOptions = {}): Promise<Vcpu[]> {
    const deadline = new Deadline(options, READ_TIMEOUT_MS)
    const reading = await this.#vm.read(deadline)
    const agent = options.guest === false ? undefined : this.#vm.agent
    const view = agent === undefined ? undefined : await readGuestView(this.#vm, agent, reading, deadline)
    return listVcpus(reading.slots, view?.byVcpu ?? new Map())
  }

  /**
   * The vCPU of QEMU's that a CPU of the guest is; `null` where none is known to be. Errors as {@link Domain.getVcpuMap}.
   *
   * @param guestId - the guest's logical id
   */
  async guestCpuToVcpu(guestId: number, options: CallOptions = {}): Promise<Vcpu | null> {
    requireCpuId(guestId)
    this.#vm.requireAgent()
    return (await this.vcpus(options)).find(({ guest }) => guest?.id === guestId) ?? null
  }

  /**
   * Plug or unplug one vCPU in QEMU.
   *
   * Already in that state: resolves with an empty `changed`, and nothing is sent. An unplug resolves when QEMU's slot is
   * empty. When its time runs out, the request stands and stays watched: a late removal is adopted, and another call for
   * the same slot joins the first.
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
  async setVcpuState(id: number, online: boolean, options: SetVcpuStateOptions = {}): Promise<VcpuChange> {
    requireState(id, online)
    const { wholeSlot = false, guest = false, rollback = false, leastConfidence = 'observed' } = options
    requireConfidence(leastConfidence)
    if (guest) this.#vm.requireAgent()
    const deadline = new Deadline(options, CHANGE_TIMEOUT_MS)
    options.signal?.throwIfAborted()
    const steps = new Steps(options.onStep)
    const request = { id, online, wholeSlot, guest, rollback, leastConfidence, deadline, steps }
    const joined = await joinRemoval(this.#vm, request)
    return joined ?? this.#changes.run(deadline, `vCPU ${id}`, () => changeVcpu(this.#vm, request))
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
  async setGuestVcpuState(id: number, online: boolean, options: CallOptions = {}): Promise<ChangeResult> {
    requireState(id, online)
    const agent = this.#vm.requireAgent()
    const deadline = new Deadline(options, CHANGE_TIMEOUT_MS)
    options.signal?.throwIfAborted()
    return this.#vm.guestTurns.run(deadline, `guest CPU ${id}`, () => setGuestVcpu(agent, id, online, deadline))
  }

  /**
   * What {@link Domain.scale} would do: which slots, in which order, and why. Nothing is changed.
   *
   * @throws {@link InputError} for a count or a policy that is none
   * @throws {@link NotReachableError} when no plan ends at that count; it names the nearest that can be reached
   */
  async plan(count: number, options: PlanOptions & CallOptions = {}): Promise<Plan> {
    return planScale(await this.#vm.read(new Deadline(options, READ_TIMEOUT_MS)), count, options)
  }

  /**
   * Reach a count of plugged vCPUs, one slot after the other. Await the run for its result, or iterate over its progress.
   * See {@link ScaleRun} for its errors.
   */
  scale(count: number, options: ScaleOptions = {}): ScaleRun {
    return this.#runPlan(() => this.plan(count, options), options)
  }

  /**
   * Plug or unplug every vCPU of a map, in whole slots; those that are so already are left alone. Planned before anything is
   * sent: one id that cannot be changed, and none is.
   */
  setVcpuStates(map: CpuMap, online: boolean, options: SetVcpuStatesOptions = {}): ScaleRun {
    const makePlan = async (): Promise<Plan> =>
      planStates(await this.#vm.read(new Deadline(options, READ_TIMEOUT_MS)), map, online)
    return this.#runPlan(makePlan, options)
  }

  /**
   * Look for all that stands in the way of vCPU hotplug in this VM, and say what to do about it. Changes nothing. What
   * cannot be looked into, such as a guest whose agent is dead, is a finding itself and hides no other.
   *
   * @returns the findings, the worst first
   * @throws {@link ConnectionError} when the monitor is lost
   */
  async doctor(options: CallOptions = {}): Promise<readonly Finding[]> {
    return runChecks(this.#vm, new Deadline(options, DOCTOR_TIMEOUT_MS))
  }

  /** vCPUs that were asked to go and have neither gone nor been refused yet, as far as this connection knows. */
  pendingRemovals(): CpuMap {
    return this.#vm.removals.pending()
  }

  /**
   * What happens to this VM's vCPUs from now on, for one reader: changes of ours, and also what became of an unplug whose
   * call had given up. Ends when the domain closes; fails when the reader falls behind.
   */
  changes(): EventStream<DomainEvent> {
    return this.#vm.events.subscribe()
  }

  /**
   * End everything: connections that were made here close, waits reject, watches end. Requests that were sent stay sent.
   * Closing again does nothing.
   */
  async close(): Promise<void> {
    this.#unfollow()
    this.#vm.removals.close(new ConnectionError('ERR_CLOSED', 'the domain was closed', { outcome: 'unknown' }))
    this.#vm.events.end()
    await Promise.all([this.#monitor.close(), this.#agent?.close()])
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #runPlan(makePlan: () => Promise<Plan>, options: SetVcpuStatesOptions): ScaleRun {
    const checkAndPlan = (): Promise<Plan> => {
      if (options.guest === true) this.#vm.requireAgent()
      return makePlan()
    }
    return new ScaleRun(checkAndPlan, (step, each) => this.setVcpuState(step.id, step.online, each), options)
  }
}
