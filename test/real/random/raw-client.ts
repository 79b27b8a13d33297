import type { Guest } from '../../../packages/guest-kit/src/index.ts'
import { KitError } from '../../../packages/guest-kit/src/index.ts'

/** An entry of `query-hotpluggable-cpus`, and the cpu-index that QEMU gives a vCPU plugged there. */
export interface RawSlot {
  readonly id: number
  readonly type: string
  readonly props: Readonly<Record<string, unknown>>
}

interface HotpluggableCpu {
  readonly type: string
  readonly props: Readonly<Record<string, unknown>>
}

let plugged = 0

/** Every slot of a machine whose slots hold one vCPU each: the list is in reverse. */
export async function slotsOf(guest: Guest): Promise<readonly RawSlot[]> {
  const cpus = (await guest.query('query-hotpluggable-cpus')) as readonly HotpluggableCpu[]
  return cpus.toReversed().map(({ type, props }, id) => ({ id, type, props }))
}

/**
 * Plug as a person at the monitor would.
 *
 * @returns whether QEMU took it; a slot that is filled it refuses
 */
export async function rawPlug(guest: Guest, { id, type, props }: RawSlot): Promise<boolean> {
  return isTaken(guest.query('device_add', { ...props, driver: type, id: `raw${id}-${++plugged}` }))
}

/**
 * Ask QEMU to remove a device.
 *
 * @returns whether QEMU took the request
 */
export async function rawUnplug(guest: Guest, target: string): Promise<boolean> {
  return isTaken(guest.query('device_del', { id: target }))
}

async function isTaken(reply: Promise<unknown>): Promise<boolean> {
  try {
    await reply
    return true
  } catch (error) {
    if (error instanceof KitError && error.message.startsWith('QEMU refused')) return false
    throw error
  }
}
