import { eventually } from '../../real/support/eventually.ts'
import { expect } from 'vitest'
import {
  bootGuest,
  ensureGuestImage,
  resolveQemu,
  type Guest,
  type GuestArchitecture,
  type GuestOptions,
  type KernelVersion,
  type Qemu,
  type QemuTarget,
  type QemuVersion,
} from '../../../packages/guest-kit/src/index.ts'
import { CpuMap, Domain, type DomainOptions, type VcpuMapKind } from '../../../src/index.ts'
import { trueGuest } from '../../oracle/guest-cpus.ts'
import { trueIndexes } from '../../oracle/vcpus.ts'
import { allMaps } from '../../real/support/maps.ts'
import { asCell, type Aspect, type CellResult } from '../results.ts'

/** Which QEMU runs which guest. */
export interface Pairing {
  readonly qemu: QemuVersion
  readonly kernel: KernelVersion
}

/** What the machine of a session is called in the table, by the guest's architecture. */
const machineNames: Readonly<Record<GuestArchitecture, string>> = {
  x86_64: 'q35',
  ppc64le: 'pseries',
  s390x: 's390-ccw-virtio',
  loongarch64: 'virt (loongarch64)',
}

const targets: Readonly<Record<GuestArchitecture, QemuTarget>> = {
  x86_64: 'x86_64',
  ppc64le: 'ppc64',
  s390x: 's390x',
  loongarch64: 'loongarch64',
}

/** All of a VM's state that this project speaks of. */
export interface ExpectedState {
  readonly maps: Readonly<Record<VcpuMapKind, string>>
  /** Which CPU of the guest each plugged vCPU is: guest id by cpu-index; `undefined` for one that the guest has none for. */
  readonly guestIds: Readonly<Record<number, number | undefined>>
}

/** The guest of a session. */
export interface SessionOptions extends Partial<Omit<GuestOptions, 'qemu' | 'image'>> {
  /** What its machine is called in the table; by its architecture unless given. */
  readonly row?: string
  readonly trace?: DomainOptions['trace']
}

/** A guest that a story is told of, and our domain on it. */
export class Session {
  readonly guest: Guest
  readonly domain: Domain
  readonly #row: string

  private constructor(guest: Guest, domain: Domain, row: string) {
    this.guest = guest
    this.domain = domain
    this.#row = row
  }

  /** Boot a guest and connect to it. */
  static async begin(arch: GuestArchitecture, { qemu, kernel }: Pairing, options: SessionOptions): Promise<Session> {
    const image = await ensureGuestImage({ arch, kernel }, console.error)
    const guest = await bootGuest({ ...options, qemu: await sessionQemu(arch, qemu), image })
    const { trace, row = machineNames[arch] } = options
    const domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath, ...(trace && { trace }) })
    return new Session(guest, domain, row)
  }

  /**
   * One cell of the matrix, seen in this session: a test's body.
   *
   * @param configuration - what was done, where the same aspect is asked in several ways
   */
  async cell(aspect: Aspect, configuration: string, body: () => Promise<CellResult>): Promise<void> {
    const { image, qemuVersion } = this.guest
    const guest = { arch: image.arch, kernel: image.kernelRelease, agent: image.agentVersion }
    await asCell({ machine: this.#row, configuration, qemu: qemuVersion, guest, aspect }, body)
  }

  /**
   * Our maps and our translation are these; and QEMU, asked on the kit's own monitor, and the guest, asked through its
   * shell, say the same.
   */
  async expectState({ maps, guestIds }: ExpectedState): Promise<void> {
    const listed = String(CpuMap.from(Object.values(guestIds).filter((id) => id !== undefined)))
    // The guest's own list may lag behind the slot by a moment.
    await eventually(`the guest lists CPU ${listed}`, async () => (await trueGuest(this.guest)).present === listed)
    expect(await allMaps(this.domain)).toEqual(maps)
    expect(await trueIndexes(this.guest)).toEqual(Object.keys(guestIds).map(Number))
    const pairs = Object.entries(guestIds).flatMap(([index, guestId]) =>
      guestId === undefined ? [] : [{ index: Number(index), guestId }],
    )
    const truth = await trueGuest(this.guest)
    expect(truth.present).toBe(listed)
    expect(truth.online).toBe(maps['agent-online'])
    const present = truth.cpus
      .filter((cpu) => cpu.index !== undefined)
      .toSorted((a, b) => Number(a.index) - Number(b.index))
    expect(present.map(({ index, guestId }) => ({ index, guestId }))).toEqual(pairs)
    const sides = (await this.domain.vcpus()).flatMap(({ id: index, guest }) =>
      guest === null ? [] : [{ index, guestId: guest.id, online: guest.online, confidence: guest.confidence }],
    )
    expect(sides).toEqual(present.map((cpu) => ({ ...cpu, confidence: 'exact' })))
  }

  /** Each plugged vCPU that a CPU of the guest is known for, in words. */
  async sides(): Promise<string[]> {
    return (await this.domain.vcpus()).flatMap(({ id, guest }) =>
      guest === null ? [] : [`${id} is ${guest.id}, ${guest.confidence}`],
    )
  }

  /** The drivers of this machine's slots, as QEMU names them. */
  async slotTypes(): Promise<readonly string[]> {
    const slots = (await this.guest.query('query-hotpluggable-cpus')) as readonly { readonly type: string }[]
    return slots.map(({ type }) => type)
  }

  /** Start the guest's agent anew, as one that may not read files (RHEL's default). */
  async blockFiles(): Promise<void> {
    const { guest } = this
    await guest.shell('kill -KILL $(cat /run/qemu-ga.pid)')
    await guest.waitForAgentGone()
    await guest.shell('start-agent --block-rpcs=guest-file-open,guest-file-read,guest-exec > /dev/null 2>&1 &')
    await guest.waitForAgent()
  }

  async end(): Promise<void> {
    await this.domain.close()
    await this.guest.stop()
  }
}

/** The QEMU that runs a guest of that architecture. */
export function sessionQemu(arch: GuestArchitecture, version: QemuVersion): Promise<Qemu> {
  return resolveQemu(version, targets[arch], console.error)
}
