import type { Guest } from '../../../packages/guest-kit/src/index.ts'
import { trueCpus } from '../../oracle/guest-cpus.ts'
import { trueDevices } from '../../oracle/vcpus.ts'

/** One plugged vCPU, without the package's word. */
export interface TrueState {
  /** Which device fills the slot: another path is another device. */
  readonly path: string
  readonly threadId: number
  /** The guest's CPU for it; `undefined` where it has none. */
  readonly guest: { readonly id: number; readonly online: boolean } | undefined
}

/** Every plugged vCPU, by cpu-index, ascending. */
export type Truth = ReadonlyMap<number, TrueState>

/** Ask QEMU and the guest. A vCPU that comes or goes between the two questions is asked about again. */
export async function readTruth(guest: Guest): Promise<Truth> {
  for (;;) {
    const devices = await trueDevices(guest)
    const cpus = new Map((await trueCpus(guest)).map(({ index, guestId, online }) => [index, { id: guestId, online }]))
    const states = devices.map(({ index, ...device }) => [index, { ...device, guest: cpus.get(index) }] as const)
    const isOneMoment = JSON.stringify(await trueDevices(guest)) === JSON.stringify(devices)
    if (isOneMoment) return new Map(states)
  }
}

/** Is it the same picture? */
export function isSameTruth(one: Truth, other: Truth): boolean {
  return JSON.stringify([...one]) === JSON.stringify([...other])
}

/** As one line, for people. */
export function describeTruth(truth: Truth): string {
  return [...truth]
    .map(([index, { path, guest }]) => {
      const side = guest === undefined ? 'not in the guest' : `CPU ${guest.id} ${guest.online ? 'on' : 'off'}`
      return `${index} (${path.slice(path.lastIndexOf('/') + 1)}, ${side})`
    })
    .join(', ')
}
