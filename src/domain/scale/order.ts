import { isPlugged, type VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { InputError } from '../../errors/input-error.ts'
import { quote } from '../../errors/quote.ts'
import { spreadOrder, type NextSlot } from './spread.ts'

/** In which order slots are filled and emptied; see {@link ScalePolicy}. */
export const SCALE_POLICIES = ['lowest', 'spread-nodes', 'spread-sockets'] as const

/**
 * In which order slots are filled and emptied.
 *
 * | policy | plugs first | unplugs first |
 * | --- | --- | --- |
 * | `lowest` | the lowest free slot | the highest slot that may go |
 * | `spread-nodes` | in the NUMA node with the fewest vCPUs plugged, ties to the lowest slot | in the fullest, ties to the highest |
 * | `spread-sockets` | the same by socket | the same by socket |
 *
 * A machine that tells no nodes, or no sockets, counts as one with a single one.
 */
export type ScalePolicy = (typeof SCALE_POLICIES)[number]

/**
 * Every slot that could be plugged (`online`) or unplugged, in the order of the policy; fixed slots never come.
 *
 * @param slots - all of the machine's, ascending
 * @throws {@link InputError} `ERR_POLICY` for a policy that does not exist
 */
export function orderSlotsBy(policy: ScalePolicy, slots: readonly VcpuSlot[], online: boolean): Iterable<NextSlot> {
  const movable = online
    ? // Those past the limit of x2APIC are refused by name, which says more than that they do not exist.
      slots.filter((slot) => !isPlugged(slot) && slot.neverFilled !== 'acpi')
    : slots.filter(({ offlinable }) => offlinable).reverse()
  switch (policy) {
    case 'lowest':
      return inOrder(movable, online)
    case 'spread-nodes':
      return spreadOrder(slots, movable, online, { name: 'node', props: ['node-id'] }) ?? inOrder(movable, online)
    case 'spread-sockets':
      // On s390x a socket's number counts within its book, and that within its drawer.
      return (
        spreadOrder(slots, movable, online, { name: 'socket', props: ['drawer-id', 'book-id', 'socket-id'] }) ??
        inOrder(movable, online)
      )
    default:
      throw new InputError(
        'ERR_POLICY',
        `${quote(policy)} is not a policy, expected one of ${SCALE_POLICIES.join(', ')}`,
      )
  }
}

function inOrder(movable: readonly VcpuSlot[], online: boolean): NextSlot[] {
  const reason = online ? 'lowest free slot' : 'highest slot that may go'
  return movable.map((slot) => ({ slot, reason }))
}
