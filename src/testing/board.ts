import { anonymousPath, devicePath, startPath } from '../bitmap/machine/device-path.ts'
import { isBootSlot, neverUnplugs } from '../bitmap/machine/unplug-rules.ts'
import type { CommandArguments } from './command-hooks.ts'
import type { MachinePlan, SlotPlan } from './machine-description.ts'
import { slotOfArguments, takenSlot } from './plug-arguments.ts'
import { Refusal } from './refusal.ts'

/** A plugged vCPU device: one vCPU, or on pseries a core. */
export interface BoardDevice {
  /** The id that `device_add` gave it. */
  readonly id: string | undefined
  /** Its QOM path. */
  readonly path: string
  readonly slot: SlotPlan
  /** The one that no machine lets go. */
  readonly isBootDevice: boolean
  readonly vcpus: readonly { readonly cpuIndex: number; readonly qomPath: string; readonly threadId: number }[]
}

/** Host thread ids are handed out from here, in plug order. */
const FIRST_THREAD_ID = 4_000

/** QEMU's side of the machine: which slots hold which devices, and what the two queries say about them. */
export class Board {
  readonly plan: MachinePlan
  /** In plug order, which is the order of `query-cpus-fast`. */
  #devices: BoardDevice[] = []
  #anonymous = 0
  #threads: number

  constructor(plan: MachinePlan, firstThreadId = FIRST_THREAD_ID) {
    this.plan = plan
    this.#threads = firstThreadId
    // The numbers under /machine/unattached have gaps: other devices without a parent live there too.
    let unattached = plan.kind === 'pseries' ? 1 : 0
    for (const slot of plan.slots.filter(({ firstId }) => firstId < plan.bootVcpus)) {
      this.#seat(slot, undefined, startPath(unattached))
      unattached += unattached === 0 && plan.target === 'x86_64' ? 2 : 1
    }
  }

  /** The devices, in plug order. */
  get devices(): readonly BoardDevice[] {
    return this.#devices
  }

  /** What the next vCPU's thread will be called. */
  get nextThreadId(): number {
    return this.#threads
  }

  /** The device in the slot that holds a vCPU of this cpu-index. */
  deviceOf(cpuIndex: number): BoardDevice | undefined {
    return this.#devices.find(({ vcpus }) => vcpus.some((vcpu) => vcpu.cpuIndex === cpuIndex))
  }

  /** @throws {@link Refusal} as QEMU would */
  plug(args: CommandArguments): BoardDevice {
    const id = typeof args['id'] === 'string' ? args['id'] : undefined
    const slot = slotOfArguments(this.plan, args, id)
    if (this.#devices.some((device) => device.slot === slot)) throw takenSlot(this.plan, slot)
    if (id !== undefined && this.#devices.some((device) => device.id === id)) {
      throw new Refusal(`Duplicate device ID '${id}'`)
    }
    const anonymous = (): string => anonymousPath(this.#anonymous++)
    return this.#seat(slot, id, id === undefined ? anonymous() : devicePath(id))
  }

  /**
   * The device that a `device_del` means, by its id or its QOM path.
   *
   * @throws {@link Refusal} `DeviceNotFound` where there is none, and for one that may not go
   */
  removable(idOrPath: unknown): BoardDevice {
    if (typeof idOrPath !== 'string') throw new Refusal("Parameter 'id' is missing")
    const device = this.#devices.find(({ id, path }) => id === idOrPath || path === idOrPath)
    if (device === undefined) {
      if (this.#devices.some(({ vcpus }) => vcpus.some(({ qomPath }) => qomPath === idOrPath))) {
        throw new Refusal(`Device '${idOrPath}' does not support hotplugging`)
      }
      throw new Refusal(`Device '${idOrPath}' not found`, 'DeviceNotFound')
    }
    const { kind, target } = this.plan
    if (neverUnplugs(target) || kind === 'no-hotplug') throw new Refusal('CPU hot unplug not supported on this machine')
    if (!device.isBootDevice) return device
    throw new Refusal(kind === 'pseries' ? 'Boot CPU core may not be unplugged' : 'Boot CPU is unpluggable')
  }

  remove(device: BoardDevice): void {
    this.#devices = this.#devices.filter((other) => other !== device)
  }

  /** The reply to `query-cpus-fast`: in plug order. */
  cpusFast(): readonly object[] {
    const { kind, target, version } = this.plan
    return this.#devices.flatMap(({ slot, vcpus }) =>
      vcpus.map(({ cpuIndex, qomPath, threadId }) => ({
        'thread-id': threadId,
        props: slot.props,
        'qom-path': qomPath,
        target,
        'cpu-index': cpuIndex,
        ...(version.major >= 11 ? { 'qom-type': slot.type } : {}),
        ...(kind === 's390x' ? { 'cpu-state': 'operating' } : {}),
      })),
    )
  }

  /**
   * The reply to `query-hotpluggable-cpus`: in reverse.
   *
   * @throws {@link Refusal} on a machine without hotplug
   */
  hotpluggableCpus(): readonly object[] {
    if (this.plan.kind === 'no-hotplug') throw new Refusal('machine does not support hot-plugging CPUs')
    return this.plan.slots
      .map((slot) => {
        const device = this.#devices.find((other) => other.slot === slot)
        const path = device === undefined ? {} : { 'qom-path': device.path }
        return { props: slot.props, 'vcpus-count': slot.count, ...path, type: slot.type }
      })
      .reverse()
  }

  #seat(slot: SlotPlan, id: string | undefined, path: string): BoardDevice {
    const vcpus = Array.from({ length: slot.count }, (_, thread) => ({
      cpuIndex: slot.firstId + thread,
      qomPath: this.plan.kind === 'pseries' ? `${path}/thread[${thread}]` : path,
      threadId: this.#threads++,
    }))
    const device: BoardDevice = { id, path, slot, isBootDevice: isBootSlot(slot.firstId), vcpus }
    this.#devices.push(device)
    return device
  }
}
