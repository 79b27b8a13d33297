import { devicePath } from '../../bitmap/machine/device-path.ts'
import { isPlugged, slotOf } from '../../bitmap/machine/vcpu-slot.ts'
import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import type { Outcome } from '../../errors/vcpu-error.ts'
import { isKnown } from '../results.ts'
import { deviceIn, isSameDevice, type Device } from '../vm/device.ts'
import type { Look } from './machine.ts'
import type { AtStep } from './progress.ts'

/** What a step does to vCPUs. */
export type EffectKind = 'plugged' | 'unplugged' | 'turned-on' | 'turned-off'

/** What one step of a run did, and is so as far as is known. */
export interface Effect {
  readonly kind: EffectKind
  readonly ids: CpuMap
  /** Did the guest run any of them before? `undefined` where that is not known. */
  readonly ran: boolean | undefined
  readonly at: AtStep
  /** `plugged`: the device that it is, where that is known. Another one in its slot is not of this run. */
  readonly deviceId?: string | undefined
  /** The step only waited for another call's request: what becomes of it is that call's. */
  readonly isJoined?: boolean
}

const inverse: Readonly<Record<EffectKind, EffectKind>> = {
  plugged: 'unplugged',
  unplugged: 'plugged',
  'turned-on': 'turned-off',
  'turned-off': 'turned-on',
}

/** What one run did, and what of it is in doubt. Each look corrects it. */
export class Account {
  #effects: readonly Effect[] = []
  #doubts: readonly Effect[] = []
  #hasSent = false
  #bootDevice: Device | undefined
  #isAnotherQemu = false

  /** What was done and is so still, the first first. */
  get effects(): readonly Effect[] {
    return this.#effects
  }

  get changed(): CpuMap {
    return idsOf(this.#effects)
  }

  /** Ids for which a request was sent whose result is not known. */
  get inDoubt(): CpuMap {
    return idsOf(this.#doubts)
  }

  /** Something left this process. */
  noteSent(): void {
    this.#hasSent = true
  }

  /** Something was done. What takes back an earlier step of this run leaves nothing changed. */
  add(effect: Effect): void {
    if (effect.ids.size === 0) return
    this.#hasSent = true
    const taken = idsOf(this.#effects.filter(({ kind }) => kind === inverse[effect.kind])).intersection(effect.ids)
    this.remove(taken, inverse[effect.kind])
    this.remove(effect.ids, effect.kind)
    this.#effects = [...this.#effects, ...keep(effect, (id) => !taken.has(id))]
  }

  doubt(effect: Effect): void {
    this.#hasSent = true
    this.#doubts = [...this.#doubts, effect]
  }

  /** It has been undone. */
  remove(ids: CpuMap, kind: EffectKind): void {
    this.#effects = this.#effects.flatMap((effect) =>
      effect.kind === kind ? keep(effect, (id) => !ids.has(id)) : effect,
    )
  }

  /** Take in what a look shows: what somebody else has undone, and what has become of that which was in doubt. */
  settle(look: Look): void {
    this.#follow(look)
    this.#effects = this.#effects.flatMap((effect) => keep(effect, (id) => isSo(look, effect, id) !== false))
    const doubts = this.#doubts
    this.#doubts = doubts.flatMap((doubt) => keep(doubt, (id) => isOpen(look, doubt, id)))
    for (const doubt of doubts.filter(({ isJoined = false }) => !isJoined))
      for (const done of keep(doubt, (id) => isSo(look, doubt, id) === true)) this.add(done)
  }

  /** Another QEMU has taken the place of the one that was asked: what it runs, this run did not bring about. */
  #follow({ slots }: Look): void {
    const bootDevice = deviceIn(slots[0])
    if (this.#bootDevice !== undefined && !isSameDevice(bootDevice, this.#bootDevice)) {
      this.#effects = []
      this.#doubts = []
      this.#isAnotherQemu = true
    }
    this.#bootDevice = bootDevice
  }

  /** @param isSeen - the look at the end succeeded */
  outcome(isSeen: boolean): Outcome {
    if (!this.#hasSent) return 'not-sent'
    if (!isSeen || this.#isAnotherQemu || this.#doubts.length > 0) return 'unknown'
    return this.#effects.length > 0 ? 'partial' : 'rejected'
  }
}

function isOpen(look: Look, doubt: Effect, id: number): boolean {
  if (isSo(look, doubt, id) === true) return false
  // With the vCPU its CPU has gone from the guest.
  if (doubt.kind === 'turned-off') return isFilledIn(look, id)
  return doubt.kind !== 'unplugged' || look.isRemovalOpen(id)
}

function isFilledIn({ slots }: Look, id: number): boolean {
  const slot = slotOf(slots, id)
  return slot !== undefined && isPlugged(slot)
}

/** Does the look show it so? `undefined` where it cannot tell. */
function isSo(look: Look, { kind, deviceId }: Effect, id: number): boolean | undefined {
  const slot = slotOf(look.slots, id)
  const isFilled = slot !== undefined && isPlugged(slot)
  switch (kind) {
    case 'plugged':
      return isFilled && (deviceId === undefined || slot.qomPath === devicePath(deviceId))
    case 'unplugged':
      return !isFilled
    case 'turned-on':
      return isFilled ? runs(look, id) : false
    case 'turned-off': {
      const isOn = isFilled ? runs(look, id) : true
      return isOn === undefined ? undefined : !isOn
    }
  }
}

/** Does the guest run it? `undefined` where that is not known. */
export function runs({ guest }: Look, id: number): boolean | undefined {
  if (guest === undefined) return undefined
  const side = guest.sideOf(id)
  if (side === null) return false
  return isKnown(side) ? side.online : undefined
}

function keep(effect: Effect, isKept: (id: number) => boolean): Effect[] {
  const ids = CpuMap.from([...effect.ids].filter(isKept))
  return ids.size === 0 ? [] : [{ ...effect, ids }]
}

function idsOf(effects: readonly Effect[]): CpuMap {
  return effects.reduce((all, { ids }) => all.union(ids), CpuMap.empty)
}
