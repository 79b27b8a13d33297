import { CpuMap } from '../bitmap/cpu-map.ts'
import type { GuestCpu } from '../bitmap/replies.ts'
import { withOutcome } from '../bitmap/vcpu-error.ts'
import type { QgaExecutor } from '../qga/executor.ts'
import { setGuestVcpus } from '../qga/set-vcpus.ts'
import type { Deadline } from '../wire/deadline.ts'
import { NotConfirmedError, RefusedError } from './errors.ts'
import { readGuestCpus } from './guest-cpus.ts'
import type { ChangeResult } from './results.ts'

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
  await setGuestVcpus(qga, [{ 'logical-id': id, online }], deadline.options())
  const after = await readGuestCpus(qga, deadline).catch((error: unknown) => {
    throw withOutcome(error, 'unknown')
  })
  if (findAfter(after, id)?.online !== online) {
    throw new NotConfirmedError(
      `the guest's agent says that it turned CPU ${id} ${online ? 'on' : 'off'}, and lists it as it was`,
    )
  }
  return { changed: CpuMap.of(id), ...done }
}

function findAfter(cpus: readonly GuestCpu[], id: number): GuestCpu | undefined {
  return cpus.find((cpu) => cpu['logical-id'] === id)
}

function findCpu(cpus: readonly GuestCpu[], id: number): GuestCpu {
  const cpu = findAfter(cpus, id)
  if (cpu !== undefined) return cpu
  const listed = CpuMap.from(cpus.map((listedCpu) => listedCpu['logical-id']))
  throw new RefusedError('ERR_NO_SUCH_VCPU', `the guest has no CPU ${id}: it lists ${String(listed)}`, id)
}
