import type { GuestCpu } from '../../bitmap/machine/replies.ts'
import type { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { onRefusal } from '../../errors/refusal.ts'
import { withOutcome } from '../../errors/vcpu-error.ts'
import type { QgaExecutor } from '../../qga/executor.ts'
import { PartialChangeError, setGuestVcpus } from '../../qga/set-vcpus.ts'
import type { Deadline } from '../../wire/deadline.ts'
import { NotConfirmedError } from '../errors.ts'
import { readGuestCpus } from './guest-cpus.ts'

/**
 * Bring CPUs of the guest into a state, and see that the guest lists them so. It is the state that counts and not the
 * change: somebody in the guest (udev) may be at it too, and what they did is as good as ours.
 *
 * @returns the guest's CPUs afterwards
 * @throws what the agent answers, unless the guest lists them as wanted all the same
 * @throws {@link NotConfirmedError} when it says yes and lists them otherwise
 */
export async function turnGuestCpus(
  qga: QgaExecutor,
  ids: CpuMap,
  online: boolean,
  deadline: Deadline,
): Promise<readonly GuestCpu[]> {
  const changes = [...ids].map((id) => ({ 'logical-id': id, online }))
  const refusal = await setGuestVcpus(qga, changes, deadline.options()).then(
    () => undefined,
    (error: unknown) => (error instanceof PartialChangeError ? error : onRefusal((refusal) => refusal)(error)),
  )
  const after = await readGuestCpus(qga, deadline).catch((error: unknown) => {
    throw withOutcome(error, 'unknown')
  })
  const wrong = [...ids].filter((id) => after.find((cpu) => cpu['logical-id'] === id)?.online !== online)
  if (wrong.length === 0) return after
  if (refusal !== undefined) throw refusal
  const state = online ? 'on' : 'off'
  throw new NotConfirmedError(
    `the guest's agent says that it turned CPU ${String(ids)} ${state}, and does not list CPU ${wrong.join(',')} so`,
  )
}
