import {
  bootGuest,
  ensureGuestImage,
  everydayQemu,
  resolveQemu,
  startMachine,
  type Guest,
  type GuestOptions,
  type KernelVersion,
  type Machine,
  type MachineOptions,
  type QemuTarget,
  type QemuVersion,
} from '../../../packages/guest-kit/src/index.ts'
import { testedQemu } from './tested-qemu.ts'

/** What a test says of the x86_64 guest that it wants. */
export interface BootOptions extends Partial<Omit<GuestOptions, 'qemu' | 'image'>> {
  /** The one under test unless given: the everyday one, or what the environment names. */
  readonly qemuVersion?: QemuVersion
  readonly kernel?: KernelVersion
}

/** Boot an x86_64 guest with two vCPUs of eight, unless told otherwise. */
export async function boot(options: BootOptions = {}): Promise<Guest> {
  const { qemuVersion = testedQemu, kernel = '6.1', ...rest } = options
  const qemu =
    qemuVersion === undefined ? await everydayQemu(progress) : await resolveQemu(qemuVersion, 'x86_64', progress)
  const image = await ensureGuestImage({ arch: 'x86_64', kernel }, progress)
  return bootGuest({ smp: '2,maxcpus=8', ...rest, qemu, image })
}

/** Start a machine with nobody in it. */
export async function start(
  target: QemuTarget,
  options: Partial<Omit<MachineOptions, 'qemu'>> & { readonly qemuVersion?: QemuVersion } = {},
): Promise<Machine> {
  const { qemuVersion = testedQemu ?? '10.0', ...rest } = options
  return startMachine({ ...rest, qemu: await resolveQemu(qemuVersion, target, progress) })
}

function progress(line: string): void {
  console.error(line)
}
