import type { Call, Owner } from '../call.ts'
import type { Transition } from '../history.ts'

const claimed = new WeakMap<Owner, Set<Transition>>()

/**
 * A call says that it brought a transition about: there must be one that its domain asked for, and that no other call of it
 * has claimed.
 */
export function faultOfClaim(call: Call, kind: Transition['kind'], deviceId: string | null): string | undefined {
  const { owner, wish } = call
  if (wish.kind !== 'set') return undefined
  const taken = claimed.get(owner) ?? new Set()
  claimed.set(owner, taken)
  const all = owner.stage.history.transitions.filter(
    (one) => one.kind === kind && (one.deviceId ?? null) === deviceId && one.ids.join() === wish.ids.join(),
  )
  if (all.length === 0) return `${String(deviceId)} was never ${kind}`
  const asked = all.filter((one) => isAskedFor(owner, one))
  if (asked.length === 0) return `it did not ask for ${String(deviceId)} to be ${kind}, and has it in \`changed\``
  const free = asked.filter((one) => !taken.has(one))
  const last = free.at(-1)
  if (last === undefined) return `another call has in its \`changed\` that ${String(deviceId)} was ${kind}`
  taken.add(last)
  return undefined
}

function isAskedFor({ sent }: Owner, { kind, deviceId, path, qemu }: Transition): boolean {
  return sent.some(({ command, args: { id }, qemu: asked }) =>
    kind === 'plugged'
      ? command === 'device_add' && id === deviceId
      : command === 'device_del' && asked === qemu && (id === deviceId || id === path),
  )
}
