/**
 * What tells one vCPU slot from the others, as QEMU words it (`socket-id`, `core-id`, ...). Opaque on its way back into
 * `device_add`: QEMU's schema asks clients to pass on properties that they do not know.
 */
export type CpuInstanceProperties = Readonly<Record<string, unknown>>

/** An element of the reply to `query-hotpluggable-cpus` (QEMU's qapi/machine.json, HotpluggableCPU). */
export interface HotpluggableCpu {
  /** The `driver` that `device_add` wants for this slot. */
  readonly type: string
  /** How many vCPUs the slot holds: the threads of a core on pseries, 1 elsewhere. */
  readonly 'vcpus-count': number
  readonly props: CpuInstanceProperties
  /** Where the slot's device is; not there while the slot is empty. */
  readonly 'qom-path'?: string
}

/** An element of the reply to `query-cpus-fast` (QEMU's qapi/machine.json, CpuInfoFast). */
export interface CpuFast {
  readonly 'cpu-index': number
  readonly 'qom-path': string
  /** The host's id of the thread that runs this vCPU. */
  readonly 'thread-id': number
  /** QEMU's name of the architecture, `'x86_64'`. */
  readonly target?: string
  readonly props?: CpuInstanceProperties
}

/** One slot's last word about hotplug, from `query-acpi-ospm-status` or an `ACPI_DEVICE_OST` event. */
export interface AcpiOst {
  /** The device's id, where it has one and is still there. */
  readonly device?: string
  /** For CPUs: the cpu-index, in decimal. */
  readonly slot: string
  readonly 'slot-type': string
  /** ACPI's source event: 1 device check (plug), 3 eject request (unplug), 0x103 eject by the guest itself. */
  readonly source: number
  /** ACPI's _OST status code. */
  readonly status: number
}

/** An element of the reply to `guest-get-vcpus` (QEMU's qga/qapi-schema.json, GuestLogicalProcessor). */
export interface GuestCpu {
  readonly 'logical-id': number
  readonly online: boolean
  /** Not there where the guest cannot tell, which counts as false. */
  readonly 'can-offline'?: boolean
}
