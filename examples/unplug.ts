// Unplug one vCPU, and act on each way in which that can end.
import { ConnectionError, Domain, GuestRefusedError, RefusedError, TimeoutError, type DomainOptions } from 'qemu-vcpu'

export async function unplug(options: DomainOptions, id: number, timeoutMs: number): Promise<string> {
  await using vm = await Domain.connect(options)
  try {
    const { changed } = await vm.setVcpuState(id, false, { timeoutMs })
    return changed.size === 0 ? 'was not plugged' : 'gone'
  } catch (error) {
    if (error instanceof RefusedError) return `not even asked: ${error.code}`
    if (error instanceof GuestRefusedError) return `the guest said no: ${error.reason}`
    if (error instanceof TimeoutError) return 'nobody knows yet; look again later'
    if (error instanceof ConnectionError) return 'the VM went away'
    throw error
  }
}
