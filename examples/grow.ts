// Grow a VM by some vCPUs, turned on in the guest, and say in one line what became of each.
import { Domain, ScaleError, type DomainOptions } from 'qemu-vcpu'

export async function grow(options: DomainOptions, by: number, say: (line: string) => void): Promise<void> {
  await using vm = await Domain.connect(options)
  const run = vm.scale((await vm.getVcpuMap()).size + by, { guest: true })
  try {
    for await (const progress of run) {
      if (progress.type === 'done') say(`vCPU ${String(progress.step.ids)} runs: ${progress.step.reason}`)
    }
  } catch (error) {
    if (!(error instanceof ScaleError)) throw error
    say(`stopped at vCPU ${String(error.failed.ids)}; plugged so far: ${String(error.changed)}. ${error.message}`)
  }
}
