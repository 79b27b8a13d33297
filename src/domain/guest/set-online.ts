import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import type { GuestCpu } from '../../bitmap/machine/replies.ts'
import { CommandError } from '../../errors/peer-errors.ts'
import { isUnsent } from '../../errors/refusal.ts'
import type { VcpuError } from '../../errors/vcpu-error.ts'
import { PartialChangeError, setGuestVcpus } from '../../qga/set-vcpus.ts'
import type { Deadline } from '../../wire/deadline.ts'
import { NotConfirmedError } from '../errors.ts'
import type { Vm } from '../vm/vm.ts'
import { readGuestCpus } from './cpus.ts'

/** What became of CPUs of the guest that were to be turned on or off. */
export interface GuestTurn {
  /** Those that the guest lists as wanted now. */
  readonly turned: CpuMap
  /** Why that is not all of them; `undefined` when it is. */
  readonly failure: VcpuError | undefined
}

/** The entry of the request in its call's ledger, and what it depends on. */
export interface TurnRequest {
  /** Called right before the command leaves; what it throws ends the request unsent. */
  readonly beforeSend?: (() => void) | undefined
  /** It could not be sent: nothing was turned. */
  unsent(): void
}

/**
 * Bring CPUs of the guest into a state, and see that the guest lists them so. It is the state that counts and not the
 * change: somebody in the guest (udev) may be at it too, and what they did is as good as ours.
 *
 * @throws what the executor rejects with, other than a refusal: then it is not known what was turned
 */
export async function turnGuestCpus(
  vm: Vm,
  ids: CpuMap,
  online: boolean,
  deadline: Deadline,
  request: TurnRequest,
): Promise<GuestTurn> {
  const qga = vm.requireAgent()
  const askedAt = vm.driver.state.now
  const changes = [...ids].map((id) => ({ 'logical-id': id, online }))
  const onUnsent = (): void => {
    request.unsent()
  }
  const refusal = await setGuestVcpus(qga, changes, {
    ...deadline.timed(),
    onUnsent,
    beforeSend: request.beforeSend,
  }).then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof CommandError || error instanceof PartialChangeError) return error
      // The reason of a caller's signal may be any error.
      if (isUnsent(error) && error !== deadline.signal?.reason) request.unsent()
      throw error
    },
  )
  const turned = listedAs(await readGuestCpus(qga, deadline), online).intersection(ids)
  const failed = ids.difference(turned)
  const failure = failed.size === 0 ? undefined : (refusal ?? notConfirmed(ids, failed, online))
  if (online) {
    const words = failure?.message ?? ''
    vm.driver.take({ type: 'guest-turned', turned: { askedAt, on: turned, failed, words } })
  }
  return { turned, failure }
}

function listedAs(cpus: readonly GuestCpu[], online: boolean): CpuMap {
  return CpuMap.from(cpus.filter((cpu) => cpu.online === online).map((cpu) => cpu['logical-id']))
}

function notConfirmed(ids: CpuMap, wrong: CpuMap, online: boolean): NotConfirmedError {
  const state = online ? 'on' : 'off'
  return new NotConfirmedError(
    `the guest's agent says that it turned CPU ${String(ids)} ${state}, and does not list CPU ${String(wrong)} so`,
  )
}
