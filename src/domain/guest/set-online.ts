import type { GuestCpu } from '../../bitmap/machine/replies.ts'
import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { onRefusal } from '../../errors/refusal.ts'
import { withOutcome } from '../../errors/vcpu-error.ts'
import type { QgaExecutor } from '../../qga/executor.ts'
import { PartialChangeError, setGuestVcpus } from '../../qga/set-vcpus.ts'
import type { Deadline } from '../../wire/deadline.ts'
import { NotConfirmedError, RefusedError } from '../errors.ts'
import type { ChangeResult } from '../results.ts'
import { readGuestCpus } from './cpus.ts'
import { listedIds } from './guest-view.ts'

/**
 * Turn one CPU of the guest on or off, and see that the guest shows it so.
 *
 * @throws {@link RefusedError} when the guest has no such CPU, or it can never have that state; nothing was sent
 * @throws {@link CommandError} when the guest refuses (`outcome: 'rejected'`)
 * @throws {@link NotConfirmedError} when it says yes and shows the old state
 */
export async function setGuestVcpu(
  qga: QgaExecutor,
  id: number,
  online: boolean,
  deadline: Deadline,
): Promise<ChangeResult> {
  const cpus = await readGuestCpus(qga, deadline).catch((error: unknown) => {
    throw withOutcome(error, 'not-sent')
  })
  const cpu = findCpu(cpus, id)
  const done = { outcome: 'done', id, online } as const
  if (cpu.online === online) return { changed: CpuMap.empty, ...done }
  if (cpu['can-offline'] !== true) {
    const code = online ? 'ERR_NOT_ONLINABLE' : 'ERR_NOT_OFFLINABLE'
    throw new RefusedError(code, `the guest says that its CPU ${id} cannot be turned ${online ? 'on' : 'off'}`, id)
  }
  await turnGuestCpus(qga, CpuMap.of(id), online, deadline)
  return { changed: CpuMap.of(id), ...done }
}

function findCpu(cpus: readonly GuestCpu[], id: number): GuestCpu {
  const cpu = cpus.find((listed) => listed['logical-id'] === id)
  if (cpu !== undefined) return cpu
  throw new RefusedError('ERR_NO_SUCH_VCPU', `the guest has no CPU ${id}: it lists ${String(listedIds(cpus))}`, id)
}

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
