import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import {
  debianArchitectures,
  guestFacts,
  kernelSuites,
  qemuSuites,
  type GuestArchitecture,
  type KernelVersion,
  type QemuVersion,
} from './architectures.ts'
import { digest, ensureEntry, exists, namesIn } from './cache.ts'
import { writeCpio, type CpioEntry } from './cpio.ts'
import { ensureFirmware, type Firmware } from './firmware.ts'
import { moduleEntries, programEntries } from './guest-files.ts'
import { initFiles, initScripts, udevFiles, udevPrograms } from './init-scripts.ts'
import { KitError, silent, type Progress } from './kit-error.ts'
import { ensureUnpacked } from './unpack.ts'

/** Which guest to build. */
export interface ImageRequest {
  readonly arch: GuestArchitecture
  readonly kernel: KernelVersion
  /** Which qemu-ga; default 7.2, or the oldest that there is for the architecture. The rest of the userland comes from the same suite. */
  readonly agent?: QemuVersion | undefined
  /** With systemd's udevd, and the rule by which distributions turn on each CPU that appears; default without. */
  readonly udev?: boolean | undefined
}

/** A guest that QEMU can boot with `-kernel`, `-initrd` and `-append`. */
export interface GuestImage {
  readonly arch: GuestArchitecture
  readonly kernel: string
  readonly initrd: string
  readonly append: string
  /** What `uname -r` says in the guest. */
  readonly kernelRelease: string
  /** The Debian version of qemu-ga. */
  readonly agentVersion: string
  /** What the architecture does not boot without. */
  readonly firmware: Firmware | undefined
}

/** Raise it when the way an image is put together changes, other than the scripts in it. */
const layout = '2'
/** A panic ends in a reboot at once, which the kit sees on the console; warnings and worse are kept there. */
const commonArguments = 'panic=-1 loglevel=5'

/**
 * Builds a guest out of Debian packages, or finds it in the cache: a kernel, and an initramfs with busybox, qemu-ga, the
 * modules of a virtio-serial port, and a shell on a port of its own. No disk image; root is not needed.
 *
 * @throws KitError when its packages cannot be had.
 */
export async function ensureGuestImage(request: ImageRequest, progress: Progress = silent): Promise<GuestImage> {
  const { arch, kernel, udev = false } = request
  const facts = guestFacts[arch]
  const { agent = facts.agent } = request
  const linux = await ensureUnpacked(
    {
      suite: kernelSuites[kernel],
      architecture: facts.debian,
      packages: [facts.kernelPackage],
      take: /^linux-(?:base|binary|image|modules)-\d/,
      label: `Linux ${kernel} for ${arch}`,
    },
    progress,
  )
  const userland = await ensureUnpacked(
    {
      suite: qemuSuites[agent],
      architecture: facts.debian,
      packages: ['qemu-guest-agent', 'busybox-static', 'util-linux', ...(udev ? ['udev'] : [])],
      take: 'closure',
      label: `guest agent ${agent}${udev ? ' and udev' : ''} for ${arch}`,
    },
    progress,
  )
  const { file: kernelFile, release: kernelRelease } = await findKernel(linux.root)
  const key = digest(layout, JSON.stringify([linux.versions, userland.versions, initScripts, initFiles, udevFiles]))
  const entry = await ensureEntry(join('images', `${arch}-${kernelRelease}-${key}`), async (staging) => {
    const modules = await moduleEntries(linux.root, kernelRelease, facts.modules)
    const programs = await userlandEntries(userland.root, facts.debian, udev)
    await copyFile(kernelFile, join(staging, 'kernel'))
    await writeFile(join(staging, 'initrd'), gzipSync(writeCpio([...fixedEntries(udev), ...programs, ...modules])))
  })
  return {
    arch,
    kernel: join(entry, 'kernel'),
    initrd: join(entry, 'initrd'),
    append: [`console=${facts.console}`, commonArguments, facts.arguments ?? ''].join(' ').trim(),
    kernelRelease,
    agentVersion: userland.versions['qemu-guest-agent'] ?? 'unknown',
    firmware: facts.firmware === undefined ? undefined : await ensureFirmware(facts.firmware, progress),
  }
}

/** Up to trixie a kernel lies in `boot` by its release; from 7 on beside its modules, in a directory of that name. */
async function findKernel(root: string): Promise<{ readonly file: string; readonly release: string }> {
  for (const name of await namesIn(join(root, 'boot'))) {
    const release = /^vmlinu[xz]-(.*)$/.exec(name)?.[1]
    if (release !== undefined) return { file: join(root, 'boot', name), release }
  }
  for (const release of await namesIn(join(root, 'usr/lib/modules'))) {
    for (const name of ['vmlinuz', 'vmlinux']) {
      const file = join(root, 'usr/lib/modules', release, name)
      if (await exists(file)) return { file, release }
    }
  }
  throw new KitError(`no kernel was unpacked in ${root}`)
}

async function userlandEntries(root: string, debian: string, udev: boolean): Promise<CpioEntry[]> {
  const facts = debianArchitectures[debian]
  if (facts === undefined) throw new KitError(`the guest kit does not know the library directory of ${debian}`)
  return programEntries(root, facts.triplet, [
    { from: 'bin/busybox', to: 'bin/busybox' },
    { from: 'sbin/qemu-ga', to: 'sbin/qemu-ga' },
    // A SCHED_DEADLINE task makes the kernel refuse to offline a CPU as busy; busybox has nothing that starts one.
    { from: 'bin/chrt', to: 'bin/chrt-deadline' },
    // One program, which is the daemon or the tool by the name that it is called by.
    ...(udev ? udevPrograms.map((to) => ({ from: 'bin/udevadm', to })) : []),
  ])
}

function fixedEntries(udev: boolean): CpioEntry[] {
  const files = udev ? { ...initFiles, ...udevFiles } : initFiles
  return [
    ...['dev', 'proc', 'sys', 'run', 'tmp', 'root', 'var'].map((path) => ({ kind: 'directory', path }) as const),
    // The kernel opens it for init before anything is mounted.
    { kind: 'device', path: 'dev/console', major: 5, minor: 1 },
    { kind: 'link', path: 'bin/sh', target: 'busybox' },
    { kind: 'link', path: 'bin/mount', target: 'busybox' },
    { kind: 'link', path: 'sbin/init', target: '../bin/busybox' },
    { kind: 'link', path: 'var/run', target: '/run' },
    ...Object.entries(initScripts).map(
      ([path, text]) => ({ kind: 'file', path, data: Buffer.from(text), executable: true }) as const,
    ),
    ...Object.entries(files).map(([path, text]) => ({ kind: 'file', path, data: Buffer.from(text) }) as const),
  ]
}
