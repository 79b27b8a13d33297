import { anonymousPath, devicePath, startPath } from '../bitmap/machine/device-path.ts'
import { isBootSlot, neverUnplugs } from '../bitmap/machine/unplug-rules.ts'
import type { CommandArguments } from './command-hooks.ts'
import type { MachinePlan, SlotPlan } from './machine-description.ts'
import type { MachineKind } from './machine-kind.ts'
import { deviceIdOf } from './device-ids.ts'
import { isCpuModel, vcpuTypeOf } from './machine-models.ts'
import { slotOfRequest } from './plug-arguments.ts'
import { plugProperties } from './plug-properties.ts'
import { isContainer } from './qom-containers.ts'
import { Refusal } from './refusal.ts'

/** A plugged vCPU device: one vCPU, or on pseries a core. */
export interface BoardDevice {
  /** The id that `device_add` gave it. */
  readonly id: string | undefined
  /** Its QOM path. */
  readonly path: string
  readonly slot: SlotPlan
  /** Its model: some machines take another than the slot's own. */
  readonly type: string
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

  /** @throws {@link Refusal} as QEMU would, {@link Abort} where QEMU ends itself */
  plug(args: CommandArguments): BoardDevice {
    const { kind, version } = this.plan
    const { driver } = args
    if (typeof driver !== 'string') throw new Refusal("Parameter 'driver' is missing")
    if (!isCpuModel(kind, version, driver)) throw new Refusal(`'${driver}' is not a valid device model name`)
    if (typeof args['bus'] === 'string') throw new Refusal(`Bus '${args['bus']}' not found`)
    if (kind === 'no-hotplug') throw new Refusal(`Device '${driver}' can not be hotplugged on this machine`)
    const id = deviceIdOf(args['id'], version)
    if (id !== undefined && this.#devices.some((device) => device.id === id)) {
      throw new Refusal(`Duplicate device ID '${id}'`)
    }
    // A device without an id is numbered before it is checked, so that those that are refused leave gaps.
    const path = id === undefined ? anonymousPath(this.#anonymous++) : devicePath(id)
    const slot = slotOfRequest(this.plan, {
      driver,
      properties: plugProperties(kind, driver, args),
      isTaken: (other) => this.deviceIn(other) !== undefined,
    })
    return this.#seat(slot, id, path, driver)
  }

  /** The device in a slot. */
  deviceIn(slot: SlotPlan): BoardDevice | undefined {
    return this.#devices.find((device) => device.slot === slot)
  }

  /**
   * The device that a `device_del` means, by its id or its QOM path.
   *
   * @throws {@link Refusal} `DeviceNotFound` where there is none, and for one that cannot be unplugged
   */
  removable(idOrPath: string): BoardDevice {
    const path = idOrPath.startsWith('/') ? idOrPath : devicePath(idOrPath)
    const device = this.#devices.find((other) => other.path === path)
    if (device === undefined) throw this.#notRemovable(idOrPath, path)
    const { kind, target } = this.plan
    if (neverUnplugs(target) || kind === 'no-hotplug') throw new Refusal('CPU hot unplug not supported on this machine')
    if (!device.isBootDevice) return device
    throw new Refusal(refusalOfBootDevice(kind))
  }

  remove(device: BoardDevice): void {
    this.#devices = this.#devices.filter((other) => other !== device)
  }

  /**
   * The reply to `query-cpus-fast`: in plug order.
   *
   * @param operates - on s390x, whether a vCPU runs
   */
  cpusFast(operates: (cpuIndex: number) => boolean = () => true): readonly object[] {
    const { kind, target, version } = this.plan
    return this.#devices.flatMap(({ slot, type, vcpus }) =>
      vcpus.map(({ cpuIndex, qomPath, threadId }) => ({
        'thread-id': threadId,
        props: slot.props,
        'qom-path': qomPath,
        target,
        'cpu-index': cpuIndex,
        ...(version.major >= 11 ? { 'qom-type': vcpuTypeOf(type) } : {}),
        ...(kind === 's390x' ? { 'cpu-state': operates(cpuIndex) ? 'operating' : 'stopped' } : {}),
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

  #notRemovable(idOrPath: string, path: string): Refusal {
    const inside = this.#devices.find((device) => path.startsWith(`${device.path}/`))
    if (inside !== undefined) {
      const type = path.endsWith('/lapic') ? 'apic' : vcpuTypeOf(inside.type)
      return new Refusal(`Device '${type}' can not be hotplugged on this machine`)
    }
    if (isContainer(path)) return new Refusal(`${idOrPath} is not a device`)
    return new Refusal(`Device '${idOrPath}' not found`, 'DeviceNotFound')
  }

  #seat(slot: SlotPlan, id: string | undefined, path: string, type = slot.type): BoardDevice {
    const vcpus = Array.from({ length: slot.count }, (_, thread) => ({
      cpuIndex: slot.firstId + thread,
      qomPath: this.plan.kind === 'pseries' ? `${path}/thread[${thread}]` : path,
      threadId: this.#threads++,
    }))
    const device: BoardDevice = { id, path, slot, type, isBootDevice: isBootSlot(slot.firstId), vcpus }
    this.#devices.push(device)
    return device
  }
}

function refusalOfBootDevice(kind: MachineKind): string {
  switch (kind) {
    case 'pseries':
      return 'Boot CPU core may not be unplugged'
    case 'loongarch64':
      return 'hot-unplug of boot cpu(id0=0:0:0) not supported'
    default:
      return 'Boot CPU is unpluggable'
  }
}
