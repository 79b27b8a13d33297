import { VcpuError, type Vcpu } from '../../src/index.ts'
import { isChange, type Act } from './acts.ts'
import { faultOfError, type Trouble } from './expectations.ts'
import type { End } from './tally.ts'

/** One plugged vCPU as it really is. */
export interface TrueVcpu {
  /** Which device fills the slot: another path is another device. */
  readonly path: string
  /** `null`: the guest has no CPU for it. */
  readonly guest: { readonly id: number; readonly online: boolean } | null
  /** QEMU was asked to remove it, now or before a reset: it may go by itself. */
  readonly mayGo: boolean
}

/** What is plugged, by cpu-index, ascending. */
export type Truth = ReadonlyMap<number, TrueVcpu>

/** A call, and the VM before and after it. */
export interface Happened {
  readonly act: Act
  readonly trouble: Trouble
  readonly end: End
  readonly reason: unknown
  readonly before: Truth
  readonly after: Truth
}

/** Nobody but the caller changes anything. */
const ALONE: readonly Trouble[] = [
  'none',
  'abort',
  'hasty',
  'cut',
  'held',
  'lost-reply',
  'paused',
  'guest-refuses',
  'guest-ignores',
]

/** What is false of the way in which a call ended; empty when all of it is true. */
export function judgeCall(happened: Happened): readonly string[] {
  const { act, trouble, end, reason } = happened
  if (end.state === 'done') return ALONE.includes(trouble) ? unreached(happened) : []
  const fault = faultOfError(end.error, trouble, reason)
  if (fault !== undefined) return [fault]
  if (!isChange(act)) return []
  if (!(end.error instanceof VcpuError) || end.error.outcome === undefined)
    return ['a change rejected without an outcome']
  const { outcome } = end.error
  const moved = movedIds(happened)
  if (moved.length === 0 || !ALONE.includes(trouble) || (outcome !== 'not-sent' && outcome !== 'rejected')) return []
  return [`rejected as ${outcome} (${end.error.message}), and vCPU ${moved.join()} changed`]
}

/** What a call that is done had been asked for, and is not so. */
function unreached({ act, before, after }: Happened): readonly string[] {
  const mayHaveGone = (id: number): boolean => before.get(id)?.mayGo === true || after.get(id)?.mayGo === true
  const isWrong = (id: number, on: boolean): boolean => after.has(id) !== on && !mayHaveGone(id)
  switch (act.call) {
    case 'plug':
    case 'unplug':
      return isWrong(act.id, act.call === 'plug')
        ? [`done, and vCPU ${act.id} is ${after.has(act.id) ? '' : 'not '}plugged`]
        : []
    case 'states': {
      const wrong = act.ids.filter((id) => isWrong(id, act.on))
      return wrong.length === 0 ? [] : [`done, and vCPU ${wrong.join()} is not ${act.on ? 'plugged' : 'unplugged'}`]
    }
    case 'scale': {
      if (act.guest || [...before.keys()].some(mayHaveGone) || after.size === act.count) return []
      return [`done, and ${after.size} vCPUs are plugged`]
    }
    default:
      return []
  }
}

/** Slots that hold another device now, or none, or one where there was none. */
function movedIds({ before, after }: Happened): readonly number[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter(
    (id) => before.get(id)?.path !== after.get(id)?.path && before.get(id)?.mayGo !== true,
  )
}

/** What a domain says of its vCPUs, against what is so. */
export function judgePicture(vcpus: readonly Vcpu[], truth: Truth): readonly string[] {
  const ours = vcpus.flatMap(({ id, online, qomPath }) => (online ? [`${id} ${String(qomPath)}`] : []))
  const theirs = [...truth].map(([id, { path }]) => `${id} ${path}`)
  if (ours.join() !== theirs.join()) return [`it says ${ours.join(', ')} are plugged, in truth ${theirs.join(', ')}`]
  return vcpus.flatMap(({ id, online, guest }) => {
    if (!online || guest?.confidence === 'unknown') return []
    const mine = guest === null ? 'none' : `CPU ${guest.id} ${guest.online ? 'on' : 'off'} (${guest.confidence})`
    const really = truth.get(id)?.guest ?? null
    const isSame = guest === null ? really === null : guest.id === really?.id && guest.online === really.online
    return isSame ? [] : [`it says vCPU ${id} is ${mine} in the guest, in truth ${JSON.stringify(really)}`]
  })
}
