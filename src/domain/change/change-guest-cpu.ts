import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import type { GuestCpu } from '../../bitmap/machine/replies.ts'
import type { Deadline } from '../../wire/deadline.ts'
import { RefusedError } from '../errors.ts'
import { readAgainWhereHalfMade, readGuestCpus } from '../guest/cpus.ts'
import { turnGuestCpus } from '../guest/set-online.ts'
import type { ChangeResult } from '../results.ts'
import { publishChange } from '../telemetry.ts'
import type { Vm } from '../vm/vm.ts'
import { failureOf } from './failure.ts'
import { Ledger } from './ledger.ts'

/**
 * Turn one CPU of the guest on or off, and see that the guest shows it so.
 *
 * @throws see {@link Domain.setGuestVcpuState}
 */
export function changeGuestCpu(vm: Vm, id: number, online: boolean, deadline: Deadline): Promise<ChangeResult> {
  const what = `turning the guest's CPU ${id} ${online ? 'on' : 'off'}`
  return publishChange(
    () => ({ vm: vm.driver.name, change: online ? 'guest-on' : 'guest-off', what, id }),
    () => carryOut(vm, id, online, deadline, what),
  )
}

async function carryOut(vm: Vm, id: number, online: boolean, deadline: Deadline, what: string): Promise<ChangeResult> {
  const ledger = new Ledger()
  try {
    deadline.signal?.throwIfAborted()
    return await vm.guestTurns.run(deadline, `guest CPU ${id}`, () => change(vm, id, online, deadline, ledger))
  } catch (error) {
    throw failureOf(error, what, ledger, deadline.signal)
  }
}

async function change(vm: Vm, id: number, online: boolean, deadline: Deadline, ledger: Ledger): Promise<ChangeResult> {
  const qga = vm.requireAgent()
  const listed = await readGuestCpus(qga, deadline)
  const cpu = findCpu(await readAgainWhereHalfMade(qga, listed, deadline), id)
  const done = { outcome: 'done', id, online } as const
  if (cpu.online === online) return { changed: CpuMap.empty, ...done }
  if (cpu['can-offline'] !== true) {
    const code = online ? 'ERR_NOT_ONLINABLE' : 'ERR_NOT_OFFLINABLE'
    const state = online ? 'on' : 'off'
    const says =
      cpu['can-offline'] === undefined
        ? `the guest's agent does not say whether CPU ${id} can be turned ${state} (can-offline is missing)`
        : `the guest says that its CPU ${id} cannot be turned ${state}`
    throw new RefusedError(code, says, id)
  }
  deadline.signal?.throwIfAborted()
  vm.driver.throwIfClosed()
  const request = ledger.send()
  const { failure } = await turnGuestCpus(vm, CpuMap.of(id), online, deadline, request)
  if (failure !== undefined) {
    // A yes that the guest's list belies may still come true.
    if (failure.outcome !== 'unknown') request.refused()
    throw failure
  }
  request.done()
  return { changed: CpuMap.of(id), ...done }
}

function findCpu(cpus: readonly GuestCpu[], id: number): GuestCpu {
  const cpu = cpus.find((listed) => listed['logical-id'] === id)
  if (cpu !== undefined) return cpu
  const listed = CpuMap.from(cpus.map((other) => other['logical-id']))
  throw new RefusedError('ERR_NO_SUCH_VCPU', `the guest has no CPU ${id}: it lists ${String(listed)}`, id)
}
