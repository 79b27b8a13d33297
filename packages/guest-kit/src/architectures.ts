import type { Suite } from './apt.ts'
import type { FirmwareName } from './firmware.ts'

/** A guest that the kit can build, by the name that the guest's `uname -m` gives. */
export type GuestArchitecture = 'x86_64' | 's390x' | 'ppc64le' | 'loongarch64'

/** A system emulator: what follows `qemu-system-`. */
export type QemuTarget = 'x86_64' | 'ppc64' | 's390x' | 'aarch64' | 'loongarch64'

/** A QEMU (and guest agent) that Debian packages; 11 is whatever sid has. */
export type QemuVersion = '7.2' | '10.0' | '11'

/** A guest kernel that Debian packages; 7 is whatever sid has. */
export type KernelVersion = '6.1' | '6.12' | '7'

/** What differs between Debian architectures, of a guest or of this machine. */
export interface DebianArchitecture {
  /** The directory below `lib` and `usr/lib` that holds the libraries. */
  readonly triplet: string
  /** Where the dynamic loader may lie in an unpacked tree; older packages do not have the merged `/usr`. */
  readonly loaders: readonly string[]
}

/** What a guest of one architecture needs. */
export interface GuestFacts {
  readonly debian: string
  readonly target: QemuTarget
  readonly machine: string
  /** The Debian package that depends on the newest kernel image. */
  readonly kernelPackage: string
  /** The console device, as the kernel calls it, that QEMU's first `-serial` is connected to. */
  readonly console: string
  readonly serialBus: string
  /** Enough to boot and to plug into: pages of ppc64le are 64 KiB, and so is the least that anything takes. */
  readonly memoryMb: number
  /** Further words of the kernel's command line. */
  readonly arguments?: string
  /** The oldest agent (and userland) that Debian has for it. */
  readonly agent: QemuVersion
  /** The firmware without which it does not boot; undefined where QEMU loads what it needs by itself. */
  readonly firmware?: FirmwareName
  /** The modules that a virtio-serial port needs, in loading order; those built into a kernel are passed over. */
  readonly modules: readonly string[]
}

/** The suite that each QEMU and agent version comes from. */
export const qemuSuites: Readonly<Record<QemuVersion, Suite>> = { '7.2': 'bookworm', '10.0': 'trixie', '11': 'sid' }

/** The suite that each kernel version comes from. */
export const kernelSuites: Readonly<Record<KernelVersion, Suite>> = {
  '6.1': 'bookworm',
  '6.12': 'trixie',
  '7': 'sid',
}

/** Debian's name for each architecture that is run here, and what is peculiar to it. */
export const debianArchitectures: Readonly<Record<string, DebianArchitecture>> = {
  amd64: {
    triplet: 'x86_64-linux-gnu',
    loaders: ['lib64/ld-linux-x86-64.so.2', 'usr/lib64/ld-linux-x86-64.so.2'],
  },
  arm64: {
    triplet: 'aarch64-linux-gnu',
    loaders: ['lib/ld-linux-aarch64.so.1', 'usr/lib/ld-linux-aarch64.so.1'],
  },
  s390x: { triplet: 's390x-linux-gnu', loaders: ['lib/ld64.so.1', 'usr/lib/ld64.so.1'] },
  ppc64el: { triplet: 'powerpc64le-linux-gnu', loaders: ['lib64/ld64.so.2', 'usr/lib64/ld64.so.2'] },
  loong64: {
    triplet: 'loongarch64-linux-gnu',
    loaders: ['lib64/ld-linux-loongarch-lp64d.so.1', 'usr/lib64/ld-linux-loongarch-lp64d.so.1'],
  },
}

/** Debian's name for the machine that Node runs on, by `process.arch`. */
export const hostArchitectures: Readonly<Record<string, string>> = {
  x64: 'amd64',
  arm64: 'arm64',
  s390x: 's390x',
  ppc64: 'ppc64el',
}

const pciModules = [
  'virtio_ring',
  'virtio',
  'virtio_pci_modern_dev',
  'virtio_pci_legacy_dev',
  'virtio_pci',
  'virtio_console',
]

/** The guests, by architecture. The facts come from docs/wire-notes.md and from the packages themselves. */
export const guestFacts: Readonly<Record<GuestArchitecture, GuestFacts>> = {
  x86_64: {
    debian: 'amd64',
    target: 'x86_64',
    machine: 'q35',
    kernelPackage: 'linux-image-cloud-amd64',
    console: 'ttyS0',
    // On a busy host the timer of a TCG machine may be late for the kernel's test of it, and then the kernel panics.
    arguments: 'no_timer_check',
    serialBus: 'virtio-serial-pci',
    memoryMb: 256,
    agent: '7.2',
    modules: pciModules,
  },
  s390x: {
    debian: 's390x',
    target: 's390x',
    machine: 's390-ccw-virtio',
    kernelPackage: 'linux-image-s390x',
    console: 'ttysclp0',
    serialBus: 'virtio-serial-ccw',
    memoryMb: 256,
    agent: '7.2',
    // virtio_ccw comes with CONFIG_S390_GUEST and is never a module.
    modules: ['virtio_ring', 'virtio', 'virtio_console'],
  },
  ppc64le: {
    debian: 'ppc64el',
    target: 'ppc64',
    // TCG has none of the mitigations that pseries asks for by default.
    machine: 'pseries,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken',
    kernelPackage: 'linux-image-powerpc64le',
    console: 'hvc0',
    serialBus: 'virtio-serial-pci',
    memoryMb: 1024,
    agent: '7.2',
    modules: pciModules,
  },
  loongarch64: {
    debian: 'loong64',
    target: 'loongarch64',
    machine: 'virt',
    kernelPackage: 'linux-image-loong64',
    console: 'ttyS0',
    serialBus: 'virtio-serial-pci',
    memoryMb: 1024,
    // The architecture came into the archive after both stable releases.
    agent: '11',
    firmware: 'loongarch64',
    modules: pciModules,
  },
}

/** The Debian package with an emulator; bookworm still has s390x among the miscellaneous ones. */
export function qemuPackage(version: QemuVersion, target: QemuTarget): string {
  const names: Readonly<Record<QemuTarget, string>> = {
    x86_64: 'qemu-system-x86',
    ppc64: 'qemu-system-ppc',
    s390x: version === '7.2' ? 'qemu-system-misc' : 'qemu-system-s390x',
    aarch64: 'qemu-system-arm',
    loongarch64: 'qemu-system-misc',
  }
  return names[target]
}
