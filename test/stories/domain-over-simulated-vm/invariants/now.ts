import type { World } from '../world.ts'
import { faultOfSwitches } from './guest.ts'
import { faultOfPendingRemovals } from './pending.ts'

/** What is wrong after a command. */
export function faultNow(world: World): string | undefined {
  const { seats } = world
  for (const seat of seats) {
    const fault = seat.fault ?? faultOfPendingRemovals(seat)
    if (fault !== undefined) return `${seat.name}: ${fault}`
  }
  return world.fault ?? faultOfSwitches(world, world.newSwitches())
}
