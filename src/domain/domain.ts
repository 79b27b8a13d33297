import { requireCpuId } from '../bitmap/cpu-id.ts'
import { CpuMap } from '../bitmap/cpu-map.ts'
import { InputError } from '../bitmap/errors.ts'
import { computeVcpuMaps, type GuestMaps, type VcpuMaps } from '../bitmap/maps.ts'
import { withOutcome } from '../bitmap/vcpu-error.ts'
import type { QgaExecutor } from '../qga/executor.ts'
import type { QmpExecutor } from '../qmp/executor.ts'
import { timeoutOf, type CallOptions } from '../wire/call-options.ts'
import { Deadline } from '../wire/deadline.ts'
import { ConnectionError } from '../wire/errors.ts'
import { TurnQueue } from '../wire/turn-queue.ts'
import type { WireTrace } from '../wire/trace.ts'
import { linkAgent, linkMonitor, type Endpoint, type Link } from './connect.ts'
import { deviceIdOf } from './device-id.ts'
import { followEvents } from './follow-events.ts'
import { RefusedError } from './errors.ts'
import { readGuestCpus, readGuestMaps } from './guest-cpus.ts'
import { listVcpus } from './list-vcpus.ts'
import { pickSlot, requireWholeSlot } from './pick-slot.ts'
import { plugSlot } from './plug.ts'
import { readSlots, type SlotReading } from './read-slots.ts'
import { Removals } from './removals.ts'
import {
  VCPU_MAP_KINDS,
  type ChangeResult,
  type SetVcpuStateOptions,
  type Vcpu,
  type VcpuChange,
  type VcpuMapKind,
} from './results.ts'
import { setGuestVcpu } from './set-guest-vcpu.ts'
import { readExactIds } from './translation/exact-ids.ts'
import { matchGuest } from './translation/match-guest.ts'
import { awaitRemoval, unplugSlot } from './unplug.ts'

const CONNECT_TIMEOUT_MS = 5_000
const READ_TIMEOUT_MS = 10_000
/** The guest's part takes seconds on a busy host (and under emulation): longer than libvirt's five. */
const CHANGE_TIMEOUT_MS = 30_000

/** How to reach a VM. */
export interface DomainOptions extends CallOptions {
  /** The monitor: socket path, `{ host, port }`, a connected Duplex, or an executor of the caller's own. */
  readonly qmp: Endpoint<QmpExecutor>
  /** The guest agent's channel, in the same forms. Without it only QEMU's side can be seen and changed. */
  readonly qga?: Endpoint<QgaExecutor> | undefined
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
  readonly #removals: Removals
  readonly #changes = new TurnQueue('the change before it')
  readonly #guestChanges = new TurnQueue('the guest change before it')
  #unfollow: () => void = () => undefined

  private constructor(monitor: Link<QmpExecutor>, agent: Link<QgaExecutor> | undefined) {
    this.#monitor = monitor
    this.#agent = agent
    this.#removals = new Removals(monitor.executor)
  }

  /**
   * Connect to a VM's monitor, and open its agent's channel where one is given. The agent itself may start later.
   *
   * @throws {@link ConnectionError} when a socket is missing, held by another client, or not what it should be
   * @throws {@link InputError} for an address or a time-out that cannot be
   */
  static async connect(options: DomainOptions): Promise<Domain> {
    options.signal?.throwIfAborted()
    const linkOptions = { connectTimeoutMs: timeoutOf(options, CONNECT_TIMEOUT_MS), trace: options.trace }
    const monitor = linkMonitor(options.qmp, linkOptions)
    const agent = options.qga === undefined ? undefined : linkAgent(options.qga, linkOptions)
    const domain = new Domain(monitor, agent)
    try {
      await monitor.open(options.signal)
      await agent?.open(options.signal)
    } catch (error) {
      await domain.close()
      throw error
    }
    domain.#unfollow = followEvents(monitor.executor, domain.#removals)
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
      default:
        throw new InputError(
          'ERR_MAP_KIND',
          `${JSON.stringify(kind)} is no kind of map, expected one of ${VCPU_MAP_KINDS.join(', ')}`,
        )
    }
  }

  /** All of QEMU's maps, from one reading. Errors as {@link Domain.getVcpuMap}. */
  async getVcpuMaps(options: CallOptions = {}): Promise<VcpuMaps> {
    const { slots } = await this.#read(new Deadline(options, READ_TIMEOUT_MS))
    return computeVcpuMaps(slots)
  }

  /** All of the guest's maps, from one reading. Errors as {@link Domain.getVcpuMap}. */
  async getGuestMaps(options: CallOptions = {}): Promise<GuestMaps> {
    return readGuestMaps(this.#requireAgent(), new Deadline(options, READ_TIMEOUT_MS))
  }

  /**
   * Every vCPU of every slot, ascending, plugged or not; with an agent, each with the guest's side of it. Errors as
   * {@link Domain.getVcpuMap}.
   */
  async vcpus(options: CallOptions = {}): Promise<Vcpu[]> {
    const deadline = new Deadline(options, READ_TIMEOUT_MS)
    const reading = await this.#read(deadline)
    if (this.#agent === undefined) return listVcpus(reading.slots, new Map())
    const qga = this.#agent.executor
    const cpus = await readGuestCpus(qga, deadline)
    const exact = await readExactIds(this.#monitor.executor, qga, reading, cpus, deadline)
    return listVcpus(reading.slots, matchGuest(reading.slots, { cpus, exact, observed: new Map() }))
  }

  /**
   * Plug or unplug one vCPU in QEMU.
   *
   * Already in that state: resolves with an empty `changed`, and nothing is sent. An unplug resolves when QEMU's slot is
   * empty. When its time runs out, the request stands and stays watched: a late removal is adopted, and another call for
   * the same slot joins the first.
   *
   * @param id - the vCPU's cpu-index
   * @throws {@link InputError} for an id or a state that is none
   * @throws {@link RefusedError} when this machine cannot, before anything is sent; see its codes
   * @throws {@link GuestRefusedError} as soon as the guest refuses an unplug (`outcome: 'rejected'`)
   * @throws {@link CommandError} when QEMU refuses (`'rejected'`)
   * @throws {@link NotConfirmedError} when QEMU says yes and shows otherwise (`'unknown'`)
   * @throws {@link TimeoutError}, {@link ConnectionError}: their `outcome` says whether anything was sent
   */
  async setVcpuState(id: number, online: boolean, options: SetVcpuStateOptions = {}): Promise<VcpuChange> {
    requireState(id, online)
    const deadline = new Deadline(options, CHANGE_TIMEOUT_MS)
    options.signal?.throwIfAborted()
    const wholeSlot = options.wholeSlot ?? false
    const joined = await this.#joinRemoval(id, online, wholeSlot, deadline)
    return joined ?? this.#changes.run(deadline, `vCPU ${id}`, () => this.#change(id, online, wholeSlot, deadline))
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
    const agent = this.#requireAgent()
    const deadline = new Deadline(options, CHANGE_TIMEOUT_MS)
    options.signal?.throwIfAborted()
    return this.#guestChanges.run(deadline, `guest CPU ${id}`, () => setGuestVcpu(agent, id, online, deadline))
  }

  /** vCPUs that were asked to go and have neither gone nor been refused yet, as far as this connection knows. */
  pendingRemovals(): CpuMap {
    return this.#removals.pending()
  }

  /**
   * End everything: connections that were made here close, waits reject, watches end. Requests that were sent stay sent.
   * Closing again does nothing.
   */
  async close(): Promise<void> {
    this.#unfollow()
    this.#removals.close(new ConnectionError('ERR_CLOSED', 'the domain was closed', { outcome: 'unknown' }))
    await Promise.all([this.#monitor.close(), this.#agent?.close()])
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #change(id: number, online: boolean, wholeSlot: boolean, deadline: Deadline): Promise<VcpuChange> {
    // The call before this one may have left a removal behind.
    const joined = await this.#joinRemoval(id, online, wholeSlot, deadline)
    if (joined !== undefined) return joined
    const reading = await this.#read(deadline).catch((error: unknown) => {
      throw withOutcome(error, 'not-sent')
    })
    const { slot, isDone } = pickSlot(reading, id, online, wholeSlot)
    const result = { outcome: 'done', id, online, slot: slot.ids } as const
    if (isDone) return { changed: CpuMap.empty, ...result, deviceId: null }
    if (slot.qomPath === null) {
      const deviceId = await plugSlot(this.#monitor.executor, slot, deadline)
      return { changed: slot.ids, ...result, deviceId }
    }
    await unplugSlot(this.#monitor.executor, this.#removals, slot, slot.qomPath, deadline)
    return { changed: slot.ids, ...result, deviceId: deviceIdOf(slot.qomPath) }
  }

  /** A removal of that vCPU under way: to unplug it again joins it, to plug it is refused. */
  async #joinRemoval(
    id: number,
    online: boolean,
    wholeSlot: boolean,
    deadline: Deadline,
  ): Promise<VcpuChange | undefined> {
    const removal = this.#removals.find(id)
    if (removal === undefined) return undefined
    requireWholeSlot(removal.slot, id, wholeSlot)
    if (online) {
      throw new RefusedError(
        'ERR_REMOVAL_PENDING',
        `vCPU ${id} was asked to go and the guest may still let it go: wait for the removal, or for its refusal`,
        id,
        removal.ids,
      )
    }
    await awaitRemoval(removal, deadline)
    const changed = removal.ids
    return { changed, outcome: 'done', id, online, slot: changed, deviceId: deviceIdOf(removal.qomPath) }
  }

  async #read(deadline: Deadline): Promise<SlotReading> {
    const reading = await readSlots(this.#monitor.executor, deadline)
    this.#removals.adopt(reading.slots)
    return reading
  }

  #requireAgent(): QgaExecutor {
    if (this.#agent !== undefined) return this.#agent.executor
    throw new InputError('ERR_NO_AGENT', 'this needs the guest agent: connect with its channel as `qga` (--qga)')
  }
}

function requireState(id: number, online: boolean): void {
  requireCpuId(id)
  if (typeof online === 'boolean') return
  throw new InputError('ERR_STATE', `the state is ${String(online)}, expected true (on) or false (off)`)
}
