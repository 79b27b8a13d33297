import type { CpuMap } from '../../bitmap/set/cpu-map.ts'
import type { Moment } from '../vm/moment.ts'
import { turnGuestCpus, type GuestTurn } from '../guest/set-online.ts'
import type { ChangeCall } from './call.ts'

/**
 * Turn CPUs of the guest on or off as a part of a change, with an entry in its ledger.
 *
 * @param seenAt - when it was asked which vCPUs they are
 * @returns `undefined` where the guest was reset since then: its ids are others now, and nothing was sent
 * @throws what the executor rejects with, other than the guest's refusal: then it is not known what was turned
 */
export async function turnInGuest(
  call: ChangeCall,
  ids: CpuMap,
  online: boolean,
  seenAt: Moment,
): Promise<GuestTurn | undefined> {
  const { vm, deadline, ledger } = call
  return vm.guestTurns.run(deadline, `guest CPU ${String(ids)}`, async () => {
    call.throwIfOver()
    if (vm.driver.state.now.boot !== seenAt.boot) return undefined
    const request = ledger.send()
    const turn = await turnGuestCpus(vm, ids, online, deadline, request)
    if (turn.failure === undefined || turn.turned.size > 0) request.done()
    // A yes that the guest's list belies may still come true.
    else if (turn.failure.outcome !== 'unknown') request.refused()
    return turn
  })
}
