/**
 * Which machine QEMU runs: `x86` (q35 or pc: one vCPU a slot, ACPI), `pseries` (a slot is a core), `s390x` (no unplug),
 * `loongarch64` (virt: as x86, with its own words) or `no-hotplug` (microvm: no slots at all).
 */
export type MachineKind = 'x86' | 'pseries' | 's390x' | 'loongarch64' | 'no-hotplug'

/** As QEMU's greeting has it. */
export interface QemuVersion {
  readonly major: number
  readonly minor: number
  readonly micro: number
}

/** The levels of `-smp` that the simulation has. */
export interface Topology {
  readonly sockets: number
  readonly dies: number
  readonly cores: number
  readonly threads: number
}
