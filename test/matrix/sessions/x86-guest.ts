import {
  bootGuest,
  ensureGuestImage,
  resolveQemu,
  type Guest,
  type GuestOptions,
  type KernelVersion,
  type QemuVersion,
} from '../../../packages/guest-kit/src/index.ts'
import { asCell, type Aspect, type CellResult, type Verdict } from '../results.ts'
import { progress } from '../support.ts'

/** Boot an x86_64 guest with two vCPUs of eight. */
export async function bootX86(
  version: QemuVersion,
  kernel: KernelVersion,
  { udev, ...options }: Partial<Omit<GuestOptions, 'qemu' | 'image'>> & { readonly udev?: boolean } = {},
): Promise<Guest> {
  const image = await ensureGuestImage({ arch: 'x86_64', kernel, udev }, progress)
  const qemu = await resolveQemu(version, 'x86_64', progress)
  return bootGuest({ smp: '2,maxcpus=8', ...options, qemu, image })
}

/** What makes a guest of Linux 6.9 and later take slots under TCG: it takes the machine for VMware. */
export const AS_VMWARE = {
  machine: 'q35,vmport=on',
  cpu: 'max,-hypervisor',
  extraArgs: ['-smbios', 'type=1,serial=VMware-42'],
} as const

/** The cells of one guest: what a body returns is recorded; nothing returned is a yes. */
export function cellsOf(guest: Guest, machine = 'q35') {
  const { arch, kernelRelease: kernel, agentVersion: agent } = guest.image
  return (aspect: Aspect, configuration: string, body: () => Promise<CellResult | undefined>): Promise<void> =>
    asCell({ machine, configuration, qemu: guest.qemuVersion, guest: { arch, kernel, agent }, aspect }, async () => {
      return (await body()) ?? { verdict: 'yes' satisfies Verdict }
    })
}
