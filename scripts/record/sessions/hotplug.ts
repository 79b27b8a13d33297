import { Domain, GuestRefusedError, type GuestMaps, type VcpuMaps } from '../../../src/index.ts'
import type { Peers } from '../recording.ts'

/** Every map of both sides at the end of a step, as text. */
export interface Checkpoint {
  readonly step: string
  readonly qemu: Readonly<Record<keyof VcpuMaps, string>>
  readonly guest: Readonly<Record<keyof GuestMaps, string>>
}

/** `[cpu-index, the guest's id]` of every plugged vCPU, with how sure that is. */
export type GuestIds = readonly (readonly [id: number, guestId: number | null, confidence: string | null])[]

/** What {@link plugs} saw. */
export interface PlugsSeen {
  readonly checkpoints: readonly Checkpoint[]
  readonly guestIds: GuestIds
}

/** What {@link unplugs} and {@link refusedUnplug} saw. */
export interface UnplugsSeen {
  readonly checkpoints: readonly Checkpoint[]
  /** The error code of a refused unplug; `''` where none was refused. */
  readonly refusal: string
}

/** On two of eight: vCPU 5 plugged in the middle and turned on in the guest, then 3: the ids of the two sides part. */
export async function plugs(peers: Peers): Promise<PlugsSeen> {
  await using walk = await Walk.begin(peers)
  const { domain } = walk
  await walk.step('at first')
  await walk.step('plug 5', async () => {
    await domain.setVcpuState(5, true)
    await walk.untilGuestLists(2, true)
  })
  await walk.step('guest 2 on', () => domain.setGuestVcpuState(2, true))
  await walk.step('plug 3', async () => {
    await domain.setVcpuState(3, true)
    await walk.untilGuestLists(3, true)
  })
  peers.step('list')
  const vcpus = await domain.vcpus()
  const plugged = vcpus.filter(({ online }) => online)
  return {
    checkpoints: walk.checkpoints,
    guestIds: plugged.map(({ id, guest }) => [id, guest?.id ?? null, guest?.confidence ?? null]),
  }
}

/**
 * On three of eight: the plug first, for QEMU 7.2 dies at a plug after an unplug under TCG (docs/wire-notes.md). Then that
 * vCPU goes by its device id, never turned on, and one of `-smp` that the guest runs by its QOM path.
 */
export async function unplugs(peers: Peers): Promise<UnplugsSeen> {
  await using walk = await Walk.begin(peers)
  const { domain } = walk
  await walk.step('plug 6', async () => {
    await domain.setVcpuState(6, true)
    await walk.untilGuestLists(3, true)
  })
  await walk.step('unplug 6', async () => {
    await domain.setVcpuState(6, false)
    await walk.untilGuestLists(3, false)
  })
  // And not vCPU 1: without it this guest's agent is never heard again on QEMU 7.2 under TCG.
  await walk.step('unplug 2', async () => {
    await domain.setVcpuState(2, false)
    await walk.untilGuestLists(2, false)
  })
  return { checkpoints: walk.checkpoints, refusal: '' }
}

/** On two of eight, in a guest that has made itself need both: the guest refuses the unplug, and nothing has changed. */
export async function refusedUnplug(peers: Peers): Promise<UnplugsSeen> {
  await using walk = await Walk.begin(peers)
  await walk.step('at first')
  let refusal = ''
  await walk.step('unplug 1', async () => {
    refusal = await walk.domain.setVcpuState(1, false).then(() => '', refusalCode)
  })
  return { checkpoints: walk.checkpoints, refusal }
}

function refusalCode(error: unknown): string {
  if (error instanceof GuestRefusedError) return error.code
  throw error
}

/** Goes through a session step by step, and takes all maps at the end of each. */
class Walk {
  readonly domain: Domain
  readonly checkpoints: Checkpoint[] = []
  readonly #peers: Peers

  private constructor(domain: Domain, peers: Peers) {
    this.domain = domain
    this.#peers = peers
  }

  static async begin(peers: Peers): Promise<Walk> {
    peers.step('connect')
    const { qmp, qga, trace, clock } = peers
    return new Walk(await Domain.connect({ qmp, qga, trace, clock }), peers)
  }

  async step(name: string, act: () => Promise<unknown> = () => Promise.resolve()): Promise<void> {
    this.#peers.step(name)
    await act()
    this.#peers.step(`${name}: maps`)
    const qemu = asText(await this.domain.getVcpuMaps())
    this.checkpoints.push({ step: name, qemu, guest: asText(await this.domain.getGuestMaps()) })
  }

  async untilGuestLists(id: number, listed: boolean): Promise<void> {
    while ((await this.domain.getVcpuMap('agent-possible')).has(id) !== listed) await this.#peers.pause()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.domain.close()
  }
}

function asText<M extends object>(maps: M): Record<keyof M, string> {
  return Object.fromEntries(Object.entries(maps).map(([kind, map]) => [kind, String(map)])) as Record<keyof M, string>
}
