import type { CpuMap } from '../../bitmap/set/cpu-map.ts'
import type { Moment } from '../vm/moment.ts'
import type { Vm } from '../vm/vm.ts'
import { turnGuestCpus, type GuestTurn } from '../guest/set-online.ts'
import type { ChangeCall } from './call.ts'

/** When it was asked which vCPUs the guest's CPUs are; without a connection where another one is no reason to ask again. */
export type SeenAt = Pick<Moment, 'boot'> & Partial<Pick<Moment, 'connection'>>

/**
 * Is it still the boot in which that was seen, as far as can be known? A reset that happens while there is no connection is not
 * heard, and at the same address there may be another QEMU.
 */
export function isOneBoot({ driver }: Vm, { boot, connection }: SeenAt): boolean {
  const { now, isConnected } = driver.state
  return now.boot === boot && (connection === undefined || (isConnected && now.connection === connection))
}

/**
 * Turn CPUs of the guest on or off as a part of a change, with an entry in its ledger.
 *
 * @param seenAt - when it was asked which vCPUs they are
 * @returns `undefined` where the guest may have been reset since then: its ids may be others now, and nothing was sent
 * @throws what the executor rejects with, other than the guest's refusal: then it is not known what was turned
 */
export async function turnInGuest(
  call: ChangeCall,
  ids: CpuMap,
  online: boolean,
  seenAt: SeenAt,
): Promise<GuestTurn | undefined> {
  const { vm, deadline, ledger } = call
  const renumbered = new Error('the guest may have renumbered its CPUs')
  // The agent's turn and its sync take their time, and a guest that boots is waited for.
  const beforeSend = (): void => {
    if (!isOneBoot(vm, seenAt)) throw renumbered
  }
  return vm.guestTurns.run(deadline, `guest CPU ${String(ids)}`, async () => {
    call.throwIfOver()
    if (!isOneBoot(vm, seenAt)) return undefined
    const request = ledger.send()
    try {
      const turn = await turnGuestCpus(vm, ids, online, deadline, {
        beforeSend,
        unsent: () => {
          request.unsent()
        },
      })
      if (turn.failure === undefined || turn.turned.size > 0) request.done()
      // A yes that the guest's list belies may still come true.
      else if (turn.failure.outcome !== 'unknown') request.refused()
      return turn
    } catch (error) {
      if (error !== renumbered) throw error
      request.unsent()
      return undefined
    }
  })
}
