import type { SwitchRecord } from '../../../../src/testing/index.ts'
import { isObject } from '../../../../src/wire/message.ts'
import type { Call, Sent } from '../call.ts'
import type { World } from '../world.ts'

/** No CPU of the guest is touched that is not the slot's. */
export function faultOfSwitches(world: World, switches: readonly SwitchRecord[]): string | undefined {
  for (const record of switches) {
    if (record.by !== 'client') continue
    const lines = world.calls.flatMap(({ sent }) => sent.filter((line) => asksFor(line, record)))
    const what = `CPU ${record.logicalId} (vCPU ${String(record.cpuIndex)}) was turned ${record.online ? 'on' : 'off'}`
    if (lines.length === 0) return `${what}, and no call asked for it`
    if (!lines.some((line) => isRight(line.call, record) || isExcused(world, line, record))) {
      return `${what} by ${lines.map(({ call }) => `${call.name} ${JSON.stringify(call.wish)}`).join()}`
    }
  }
  return undefined
}

function asksFor({ command, args: { vcpus }, atMs }: Sent, record: SwitchRecord): boolean {
  return (
    command === 'guest-set-vcpus' &&
    atMs <= record.atMs &&
    Array.isArray(vcpus) &&
    vcpus.some(
      (entry: unknown) =>
        isObject(entry) && entry['logical-id'] === record.logicalId && entry['online'] === record.online,
    )
  )
}

function isRight({ wish, isAssumed }: Call, { logicalId, cpuIndex }: SwitchRecord): boolean {
  if (isAssumed) return true
  switch (wish.kind) {
    case 'guest-set':
      return wish.id === logicalId
    case 'set':
    case 'states':
      return cpuIndex !== undefined && wish.ids.includes(cpuIndex)
    case 'scale':
      return true
  }
}

/**
 * The agent knows no "if": between the guest's list and the agent's act its CPU may have become another vCPU's, and no client
 * can help that. But one that has heard of a reset asks again.
 */
function isExcused({ history }: World, { guestAsked, seq, call: { owner } }: Sent, record: SwitchRecord): boolean {
  if (owner.resets.some((reset) => reset > guestAsked.seq && reset < seq)) return false
  return history.renumberings.some(
    ({ logicalId, atMs }) => logicalId === record.logicalId && atMs >= guestAsked.atMs && atMs <= record.atMs,
  )
}
