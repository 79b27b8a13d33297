import { CpuMap, type CallOptions, type Domain } from '../../src/index.ts'
import type { Random } from '../../src/testing/index.ts'

/** One call of a Domain. Plain JSON, for people who read of a false outcome. */
export type Act =
  | { readonly call: 'plug' | 'unplug'; readonly id: number; readonly guest: boolean; readonly rollback: boolean }
  | { readonly call: 'guest-on' | 'guest-off'; readonly id: number }
  | { readonly call: 'scale'; readonly count: number; readonly guest: boolean }
  | { readonly call: 'guest-scale'; readonly count: number }
  | { readonly call: 'states'; readonly ids: readonly number[]; readonly on: boolean }
  | { readonly call: 'plan'; readonly count: number }
  | { readonly call: 'maps' | 'guest-maps' | 'vcpus' | 'doctor' | 'layout' }

/** What is chosen from. */
export interface Picture {
  readonly possible: number
  readonly plugged: readonly number[]
  readonly guestCpus: readonly { readonly id: number; readonly online: boolean }[]
}

/** More vCPUs at once show nothing more. */
const MOST_PLUGGED = 8
const READS = ['maps', 'guest-maps', 'vcpus', 'doctor', 'layout'] as const

/** Does it change anything? */
export function isChange({ call }: Act): boolean {
  return call !== 'plan' && !READS.some((read) => read === call)
}

/** The next call, mostly one that can succeed. */
export function chooseAct(random: Random, picture: Picture): Act {
  const at = random.integer(1, 100)
  const most = Math.min(MOST_PLUGGED, picture.possible)
  const guest = random.integer(0, 1) === 1
  if (at <= 50) return choosePlug(random, picture, guest)
  if (at <= 60) return chooseGuestSwitch(random, picture)
  if (at <= 66) return { call: 'scale', count: random.integer(1, most), guest }
  if (at <= 69) return { call: 'guest-scale', count: random.integer(1, Math.max(1, picture.guestCpus.length)) }
  if (at <= 73) return chooseStates(random, picture)
  if (at <= 76) return { call: 'plan', count: random.integer(1, most) }
  return chooseRead(random)
}

/** A call that changes nothing. */
export function chooseRead(random: Random): Act {
  // The doctor asks for most.
  return random.integer(1, 8) === 1
    ? { call: 'doctor' }
    : { call: random.pick(['maps', 'guest-maps', 'vcpus', 'layout']) }
}

function choosePlug(random: Random, picture: Picture, guest: boolean): Act {
  const { plugged, possible } = picture
  const rollback = guest && random.integer(0, 1) === 1
  const others = plugged.filter((id) => id !== 0)
  const isPlug = others.length === 0 || (plugged.length < MOST_PLUGGED && random.integer(0, 1) === 1)
  // Now and then what is so already, or cannot be: vCPU 0.
  const isOdd = random.integer(1, 15) === 1
  if (!isPlug) return { call: 'unplug', id: isOdd ? 0 : (random.pick(others) ?? 0), guest, rollback }
  const free = Array.from({ length: possible }, (_, id) => id).filter((id) => !plugged.includes(id))
  return { call: 'plug', id: random.pick(isOdd ? plugged : free) ?? 0, guest, rollback }
}

function chooseGuestSwitch(random: Random, { guestCpus }: Picture): Act {
  const cpu = random.pick(guestCpus.filter(({ id }) => id !== 0)) ?? { id: 0, online: false }
  return { call: cpu.online ? 'guest-off' : 'guest-on', id: cpu.id }
}

function chooseStates(random: Random, { plugged, possible }: Picture): Act {
  const on = plugged.length < 3
  const others = plugged.filter((id) => id !== 0)
  const free = Array.from({ length: possible }, (_, id) => id).filter((id) => !plugged.includes(id))
  const from = on ? free : others
  const ids = new Set([random.pick(from) ?? 0, random.pick(from) ?? 0])
  return { call: 'states', ids: [...ids].sort((one, other) => one - other), on }
}

/** Make the call. */
export async function perform(domain: Domain, act: Act, options: CallOptions): Promise<unknown> {
  switch (act.call) {
    case 'plug':
    case 'unplug': {
      const { id, call, guest, rollback } = act
      return domain.setVcpuState(id, call === 'plug', { ...options, guest, rollback })
    }
    case 'guest-on':
    case 'guest-off':
      return domain.setGuestVcpuState(act.id, act.call === 'guest-on', options)
    case 'scale':
      return domain.scale(act.count, { ...options, guest: act.guest })
    case 'guest-scale':
      return domain.scaleGuest(act.count, options)
    case 'states':
      return domain.setVcpuStates(CpuMap.from(act.ids), act.on, options)
    case 'plan':
      return domain.plan(act.count, options)
    case 'maps':
      return domain.getVcpuMaps(options)
    case 'guest-maps':
      return domain.getGuestMaps(options)
    case 'vcpus':
      return domain.vcpus(options)
    case 'doctor':
      return domain.doctor(options)
    case 'layout':
      return domain.exportLayout(options)
  }
}
