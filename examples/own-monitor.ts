// A daemon that already owns the single-client monitor socket lends it: the domain only needs a way to run commands, and
// hears refusals and late removals if it is given the events too.
import { Domain, type QmpExecutor } from 'qemu-vcpu'
import type { QmpClient } from 'qemu-vcpu/qmp'

export async function countFreeSlots(monitor: QmpClient): Promise<number> {
  const lent: QmpExecutor = {
    execute: (command, args, options) => monitor.execute(command, args, options),
    events: () => monitor.events(),
  }
  await using vm = await Domain.connect({ qmp: lent })
  return (await vm.getVcpuMap('onlinable')).size
  // Closing the domain leaves the daemon's connection open.
}
