import type { GuestCpu } from '../../bitmap/machine/replies.ts'
import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { withOutcome } from '../../errors/vcpu-error.ts'
import type { QgaExecutor } from '../../qga/executor.ts'
import type { Deadline } from '../../wire/deadline.ts'
import { RefusedError } from '../errors.ts'
import type { ChangeResult } from '../results.ts'
import { listedIds } from '../translation/guest-view.ts'
import { readGuestCpus } from './guest-cpus.ts'
import { turnGuestCpus } from './turn.ts'

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
