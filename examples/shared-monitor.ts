// Several independent parts of a program share one monitor: QEMU's socket serves one client at a time. Each has a connection of
// its own, and closing one ends nothing of another.
import { Domain, type Clock } from 'qemu-vcpu'
import { QmpClient, QmpMultiplexer, type Target } from 'qemu-vcpu/qmp'

export async function growAndWatch(qmp: Target, id: number, options: { clock?: Clock } = {}): Promise<string> {
  await using monitor = new QmpMultiplexer(qmp, options)

  // One part watches what happens.
  await using watcher = await QmpClient.connect(monitor.endpoint, options)
  // Another one changes the VM, and leaves.
  const domain = await Domain.connect({ qmp: monitor.endpoint, ...options })
  await domain.setVcpuState(id, true)
  await domain.close()

  const { status } = await watcher.execute('query-status')
  const cpus = await watcher.execute('query-cpus-fast')
  return `${status}, ${cpus.length} vCPUs`
}
