import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { cacheDirectory, Guest, type Machine } from '../../packages/guest-kit/src/index.ts'
import type { RecordingSpec } from './recording.ts'

/** Raise it when the format of a recording changes. */
export const RECORDER_VERSION = 1

/** Where a recording comes from: a fixture's `provenance.json`. */
export interface Provenance {
  /** As the binary reported it. */
  readonly qemuVersion: string
  /** As the monitor reported it: whose build it is. */
  readonly qemuPackage: string
  /** The machine's whole command line, with this machine's directories replaced. */
  readonly argv: readonly string[]
  readonly guest: { readonly arch: string; readonly kernelRelease: string; readonly agentVersion: string } | null
  /** In UTC, ISO 8601. */
  readonly recordedAt: string
  readonly recorderVersion: number
  readonly what: string
}

/** Where the recording of a machine that runs now comes from. */
export async function provenanceOf(machine: Machine, spec: RecordingSpec): Promise<Provenance> {
  const image = machine instanceof Guest ? machine.image : undefined
  const reply = (await machine.query('query-version')) as { readonly package: string }
  return {
    qemuVersion: machine.qemuVersion,
    qemuPackage: reply.package,
    argv: anonymousArgv(machine),
    guest:
      image === undefined
        ? null
        : { arch: image.arch, kernelRelease: image.kernelRelease, agentVersion: image.agentVersion },
    recordedAt: new Date().toISOString(),
    recorderVersion: RECORDER_VERSION,
    what: spec.what,
  }
}

/** `$QEMU` is the tree that QEMU was unpacked into, `$IMAGE` the guest's kernel and initramfs, `$SOCKETS` the sockets. */
function anonymousArgv(machine: Machine): string[] {
  const sockets = dirname(machine.qmpPath)
  const image = machine instanceof Guest ? dirname(machine.image.kernel) : sockets
  return machine.argv.map((word) =>
    withoutTrees(word)
      .replaceAll(sockets, () => '$SOCKETS')
      .replaceAll(image, () => '$IMAGE'),
  )
}

/** The trees of unpacked packages are called after the packages' versions, which `qemuPackage` tells better. */
function withoutTrees(word: string): string {
  const [first = '', ...rest] = word.split(join(cacheDirectory(), 'unpacked/'))
  return [first, ...rest.map((place) => place.replace(/^[^/]+[/]root\b/, () => '$QEMU'))].join('')
}

/**
 * Checks that nothing of this machine is in a file of a fixture.
 *
 * @throws Error that names what is
 */
export function requireAnonymous(file: string, text: string): void {
  for (const place of [cacheDirectory(), process.cwd(), homedir(), tmpdir()]) {
    if (text.includes(place)) throw new Error(`${file} would hold ${place}, a directory of this machine`)
  }
}
