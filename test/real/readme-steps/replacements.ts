import { join } from 'node:path'
import type { GuestImage } from '../../../packages/guest-kit/src/index.ts'

/** The file in the test's folder that QEMU writes the guest's console to. */
export const CONSOLE_LOG = 'console.log'

/** What is there instead of the reader's own things. */
export interface Surroundings {
  readonly image: GuestImage
  /** The test's own folder. */
  readonly folder: string
  /** Whether this host has `man`. */
  readonly hasMan: boolean
}

/** What a test guest makes necessary: `text` of a command is replaced, or the whole command left out (`undefined`). */
interface Replacement {
  readonly text: string
  readonly instead: (surroundings: Surroundings) => string | undefined
  readonly because: string
}

/**
 * All in which the script differs from README. Beside it: `qemu-system-x86_64` in the path is the guest kit's, QEMU's line
 * runs in a terminal of its own, and npm's variables keep it offline and below the test's folder.
 */
const REPLACEMENTS: readonly Replacement[] = [
  {
    text: 'npm i -g qemu-vcpu',
    instead: () => undefined,
    because: 'a test asks no registry; what README says for a clone follows',
  },
  {
    text: '-drive file=disk.qcow2,if=virtio',
    instead: ({ image, folder }) =>
      [
        `-kernel '${image.kernel}' -initrd '${image.initrd}' -append '${image.append}'`,
        `-display none -serial 'file:${join(folder, CONSOLE_LOG)}'`,
      ].join(' '),
    because: 'the guest of the kit is a kernel and an initramfs, and a test has no screen',
  },
  { text: 'apt install qemu-guest-agent', instead: () => undefined, because: 'it is in the guest already' },
  { text: '/tmp/vm1-', instead: ({ folder }) => join(folder, 'vm1-'), because: 'two tests may run at once' },
  {
    text: 'man qemu-vcpu',
    instead: ({ hasMan }) => (hasMan ? 'man qemu-vcpu' : 'cat "$npm_config_prefix/share/man/man1/qemu-vcpu.1"'),
    because: 'not every host has man',
  },
]

/** The command with its replacements; `undefined` where it is left out. Pure. */
export function replaced(line: string, surroundings: Surroundings): string | undefined {
  return REPLACEMENTS.reduce<string | undefined>((now, { text, instead }) => {
    if (now?.includes(text) !== true) return now
    const other = instead(surroundings)
    return other === undefined ? undefined : now.replaceAll(text, other)
  }, line)
}

/** The texts of the table that none of these commands has: README says something else by now. Pure. */
export function unusedReplacements(lines: readonly string[]): readonly string[] {
  return REPLACEMENTS.map(({ text }) => text).filter((text) => !lines.some((line) => line.includes(text)))
}
