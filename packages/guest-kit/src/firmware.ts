import { join } from 'node:path'
import type { Suite } from './apt.ts'
import { exists } from './cache.ts'
import { KitError, silent, type Progress } from './kit-error.ts'
import { ensureUnpacked } from './unpack.ts'

/**
 * A firmware that Debian packages: OVMF for q35, the same built to keep its variables safe in System Management Mode, and
 * the UEFI without which loongarch64 boots no kernel that wants ACPI.
 */
export type FirmwareName = 'ovmf' | 'ovmf-smm' | 'loongarch64'

/** A firmware that QEMU can start with. */
export interface Firmware {
  /** QEMU's arguments; its variables are written to a copy that goes with the QEMU. */
  readonly args: readonly string[]
  /** The Debian version of its package. */
  readonly version: string
}

interface FirmwareFacts {
  readonly suite: Suite
  readonly package: string
  /** Paths below the root of the unpacked package. */
  readonly files: readonly string[]
  readonly args: (...files: readonly string[]) => readonly string[]
}

const flash = (code = '', variables = ''): string[] => [
  ...['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${code}`],
  ...['-drive', `if=pflash,unit=1,format=raw,snapshot=on,file=${variables}`],
]

const firmwares: Readonly<Record<FirmwareName, FirmwareFacts>> = {
  ovmf: {
    suite: 'trixie',
    package: 'ovmf',
    files: ['usr/share/OVMF/OVMF_CODE_4M.fd', 'usr/share/OVMF/OVMF_VARS_4M.fd'],
    args: flash,
  },
  'ovmf-smm': {
    suite: 'trixie',
    package: 'ovmf',
    files: ['usr/share/OVMF/OVMF_CODE_4M.secboot.fd', 'usr/share/OVMF/OVMF_VARS_4M.fd'],
    // The machine needs `smm=on` beside it.
    args: (...files) => [...flash(...files), '-global', 'driver=cfi.pflash01,property=secure,value=on'],
  },
  loongarch64: {
    suite: 'sid',
    package: 'qemu-efi-loongarch64',
    files: ['usr/share/qemu-efi-loongarch64/QEMU_EFI.fd'],
    args: (code = '') => ['-bios', code],
  },
}

/**
 * A firmware, downloaded and unpacked, not installed.
 *
 * @throws KitError when its package cannot be had.
 */
export async function ensureFirmware(name: FirmwareName, progress: Progress = silent): Promise<Firmware> {
  const { suite, package: packageName, files, args } = firmwares[name]
  const request = { suite, architecture: 'amd64', packages: [packageName], label: `the firmware ${name}` }
  // The packages are for every architecture; one has to be named to ask for them.
  const { root, versions } = await ensureUnpacked({ ...request, take: new RegExp(`^${packageName}$`) }, progress)
  const paths = files.map((file) => join(root, file))
  for (const path of paths) {
    if (!(await exists(path))) throw new KitError(`${path} is not in the package ${packageName}`)
  }
  return { args: args(...paths), version: versions[packageName] ?? 'unknown' }
}
