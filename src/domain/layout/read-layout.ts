import { isCpuId } from '../../bitmap/set/cpu-id.ts'
import { onRefusal } from '../../errors/refusal.ts'
import { callQmp } from '../../qmp/commands.ts'
import type { Deadline } from '../../wire/deadline.ts'
import { RefusedError } from '../errors.ts'
import type { Vm } from '../vm/vm.ts'
import { layoutOf, type VcpuLayout } from './layout.ts'

/**
 * The vCPUs of a VM as it is now, and its topology.
 *
 * @throws {@link RefusedError} `ERR_NO_HOTPLUG` where the machine has no slots
 */
export async function readLayout(vm: Vm, deadline: Deadline): Promise<VcpuLayout> {
  const { slots, noHotplug } = await vm.driver.read(deadline)
  if (noHotplug !== undefined) {
    const message = `this machine type has no vCPU hotplug (QEMU: ${noHotplug}): its vCPUs are those of its -smp`
    throw new RefusedError('ERR_NO_HOTPLUG', message, 0)
  }
  // QEMU lists its vCPUs in the order in which it made them (docs/wire-notes.md).
  const cpus = await callQmp(vm.driver.qmp, 'query-cpus-fast', undefined, deadline.options())
  const made = cpus.map((cpu) => cpu['qom-path'])
  return layoutOf(slots, await readTopology(vm, deadline), made)
}

/** QEMU's `-smp` as it has completed it; empty where an old QEMU does not say. */
async function readTopology(vm: Vm, deadline: Deadline): Promise<Readonly<Record<string, number>>> {
  const reply = await callQmp(
    vm.driver.qmp,
    'qom-get',
    { path: '/machine', property: 'smp' },
    deadline.options(),
  ).catch(onRefusal(() => ({})))
  if (typeof reply !== 'object' || reply === null) return {}
  const members = Object.entries(reply).filter(([name, value]) => /^[a-z]+$/.test(name) && isCpuId(value))
  return Object.fromEntries(members)
}
