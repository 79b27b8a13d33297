import { onRefusal } from '../../errors/refusal.ts'
import { ProtocolError } from '../../errors/peer-errors.ts'
import { callQga, type GuestOsInfo } from '../../qga/commands.ts'
import type { QgaExecutor } from '../../qga/executor.ts'
import type { Deadline } from '../../wire/deadline.ts'
import type { GuestKernel } from '../vm/guest-memory.ts'

/** Systems whose release, as the agent gives it, is not one of Linux. */
const OTHERS = /^(?:mswindows|freebsd|openbsd|netbsd|dragonfly|solaris|illumos)$/i

/** The guest's kernel, as far as its agent says. */
export async function readKernel(qga: QgaExecutor, deadline: Deadline): Promise<GuestKernel> {
  try {
    const info = await callQga(qga, 'guest-get-osinfo', undefined, { ...deadline.options(), sendAhead: true }).catch(
      onRefusal((): GuestOsInfo => ({})),
    )
    return { linux: linuxRelease(info) }
  } catch (error) {
    // An answer that is none says nothing of the kernel.
    if (!(error instanceof ProtocolError) || error.outcome === 'unknown') throw error
    return { linux: undefined }
  }
}

/** Linux gives its version as `#1 SMP …`; Windows a build number as its release, and the BSDs their own names. */
function linuxRelease(info: GuestOsInfo): string | undefined {
  const { id = '', 'kernel-release': release = '', 'kernel-version': version = '' } = info
  return OTHERS.test(id) || !version.startsWith('#') || !/^\d{1,3}\.\d{1,5}/.test(release) ? undefined : release
}

/** Is it that release of Linux, or a later one? */
export function isSince(release: string | undefined, major: number, minor: number): boolean {
  const [, ofMajor = '', ofMinor = ''] = /^(\d{1,3})\.(\d{1,5})/.exec(release ?? '') ?? []
  if (ofMajor === '') return false
  return Number(ofMajor) > major || (Number(ofMajor) === major && Number(ofMinor) >= minor)
}
