import { isRecord } from './conversation.ts'

/** What cannot be the same on two machines, and how it is compared all the same. */
export const NORMALISED: readonly { readonly what: string; readonly how: string }[] = [
  { what: '`timestamp` of an event', how: 'left out' },
  { what: '`thread-id` of a vCPU', how: 'that it is a number' },
  { what: '`package` of a version', how: 'left out' },
  { what: 'the list of `guest-get-vcpus`', how: 'sorted: it is in no order' },
  { what: 'uptime and boot id of a guest', how: 'not asked' },
  {
    what: '`DEVICE_DELETED` of a vCPU itself, on x86',
    how: 'left out, those of its parts are not: under TCG it comes never (10.0) or by chance at some later plug (11)',
  },
  { what: 'the order of events and replies', how: 'events and replies are compared each in their own order' },
]

/** A message without what differs by nature. */
export function normalised(value: unknown): unknown {
  if (Array.isArray(value)) return Array.from<unknown>(value).sort(byLogicalId).map(normalised)
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'timestamp' && key !== 'package')
      .map(([key, member]) => [key, key === 'thread-id' ? typeof member : normalised(member)]),
  )
}

function byLogicalId(a: unknown, b: unknown): number {
  const [first, second] = [a, b].map((entry) => (isRecord(entry) ? entry['logical-id'] : undefined))
  return typeof first === 'number' && typeof second === 'number' ? first - second : 0
}

/** Is it an event whose time, and coming, is chance? */
export function isByChance(event: unknown): boolean {
  if (!isRecord(event) || event['event'] !== 'DEVICE_DELETED' || !isRecord(event['data'])) return false
  const { path } = event['data']
  return typeof path === 'string' && /^\/machine\/(?:peripheral|peripheral-anon|unattached)\/[^/]+$/.test(path)
}
