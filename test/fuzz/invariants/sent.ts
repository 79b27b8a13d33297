import type { Call } from '../../stories/domain-over-simulated-vm/call.ts'

/** Nothing is sent twice for one change: no device is plugged twice, and one change plugs and unplugs one device. */
export function faultOfTwice(call: Call): string | undefined {
  const { sent, wish, owner } = call
  const added = owner.sent.filter(({ command }) => command === 'device_add').map(({ args }) => args['id'])
  const again = added.find((id, at) => added.indexOf(id) !== at)
  if (again !== undefined) return `device_add of ${JSON.stringify(again)} was sent twice`
  if (wish.kind !== 'set') return undefined
  const count = (name: string): number => sent.filter(({ command }) => command === name).length
  if (count('device_add') > 1) return `it sent device_add ${count('device_add')} times`
  if (count('device_del') > 1) return `it sent device_del ${count('device_del')} times`
  return undefined
}
