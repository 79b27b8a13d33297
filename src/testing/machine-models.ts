import type { MachineKind, QemuVersion, Topology } from './machine-kind.ts'

/** The CPU device of a machine's slots: QEMU's default model, which differs between versions on pseries. */
export function cpuModelOf(kind: MachineKind, { major }: QemuVersion): string {
  switch (kind) {
    case 'pseries':
      return `${major >= 11 ? 'power11' : 'power10'}_v2.0-spapr-cpu-core`
    case 's390x':
      return 'qemu-s390x-cpu'
    case 'loongarch64':
      return 'la464-loongarch-cpu'
    default:
      return 'qemu64-x86_64-cpu'
  }
}

/** Other CPU devices that a QEMU of this kind has; there are many more. */
const OTHER_MODELS: Readonly<Record<MachineKind, readonly string[]>> = {
  x86: ['max', 'host', 'base', 'kvm64', '486', 'Haswell', 'EPYC', 'Skylake-Server'].map((name) => `${name}-x86_64-cpu`),
  pseries: ['power8_v2.0', 'power9_v2.0', 'power9_v2.2', 'power10_v2.0', 'power11_v2.0'].map(
    (name) => `${name}-spapr-cpu-core`,
  ),
  s390x: ['max', 'z13', 'z14', 'z15a', 'gen16a'].map((name) => `${name}-s390x-cpu`),
  loongarch64: ['max', 'la132'].map((name) => `${name}-loongarch-cpu`),
  'no-hotplug': ['max', 'host'].map((name) => `${name}-x86_64-cpu`),
}

/** Is it a CPU device that this machine's QEMU has? */
export function isCpuModel(kind: MachineKind, version: QemuVersion, driver: string): boolean {
  return driver === cpuModelOf(kind, version) || OTHER_MODELS[kind].includes(driver)
}

/** The QOM type of a vCPU: a slot's own, but for pseries, where the slot is a core. */
export function vcpuTypeOf(slotType: string): string {
  return slotType.replace(/-spapr-cpu-core$/, '-powerpc64-cpu')
}

/** The QOM type of `/machine`. */
export function machineTypeOf(kind: MachineKind, pc: 'q35' | 'i440fx', { major, minor }: QemuVersion): string {
  const series = `${major}.${minor}`
  switch (kind) {
    case 'x86':
      return `pc-${pc}-${series}-machine`
    case 'pseries':
      return `pseries-${series}-machine`
    case 's390x':
      return `s390-ccw-virtio-${series}-machine`
    case 'loongarch64':
      return major >= 11 ? `virt-${series}-machine` : 'virt-machine'
    default:
      return 'microvm-machine'
  }
}

/** Where the slot with this first cpu-index is, in QEMU's words. */
export function placeOf(
  kind: MachineKind,
  id: number,
  topology: Topology,
  version: QemuVersion,
): Readonly<Record<string, number>> {
  const { dies, cores, threads } = topology
  const thread = id % threads
  const core = Math.floor(id / threads) % cores
  const die = Math.floor(id / (threads * cores)) % dies
  const socket = Math.floor(id / (threads * cores * dies))
  if (kind === 'pseries') return { 'core-id': id }
  if (kind === 's390x') {
    const nested = version.major > 8 || (version.major === 8 && version.minor >= 2)
    return { 'core-id': id, ...(nested ? { 'socket-id': socket, 'book-id': 0, 'drawer-id': 0 } : {}) }
  }
  return { 'core-id': core, 'thread-id': thread, ...(dies > 1 ? { 'die-id': die } : {}), 'socket-id': socket }
}
