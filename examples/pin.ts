// Plug a vCPU and pin its host thread before the guest runs anything on it: between QEMU's part and the guest's part.
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Domain, type DomainOptions, type VcpuChange } from 'qemu-vcpu'

/** Does to a thread of QEMU what this host wants; the plug goes on when it has. */
export type Place = (hostThreadId: number) => Promise<void>

export async function plugPinned(options: DomainOptions, id: number, place: Place): Promise<VcpuChange> {
  await using vm = await Domain.connect(options)
  return await vm.setVcpuState(id, true, {
    guest: true,
    // A vCPU that could not be pinned, or that the guest did not take, is unplugged again.
    rollback: true,
    wholeSlot: true,
    onStep: async ({ step }) => {
      // QEMU runs the thread by now. The vCPU is in its reset state; the guest is asked to turn it on after this step.
      // (Where the guest turns on new CPUs by itself, by a udev rule or on pseries, it may be faster. A new thread has the
      // affinity and the cgroup of the thread that made it, QEMU's main one: there, pin that one before.)
      if (step !== 'slot-filled') return
      for (const { slot, hostThreadId } of await vm.vcpus({ guest: false })) {
        if (slot.includes(id) && hostThreadId !== null) await place(hostThreadId)
      }
    },
  })
}

const run = promisify(execFile)

/** Let a thread run on these CPUs of the host only, such as `2-3`. */
export function pinTo(cpus: string): Place {
  return async (hostThreadId) => {
    await run('taskset', ['-pc', cpus, String(hostThreadId)])
  }
}

/** Move a thread into a cgroup (v2) of type `threaded`, below the one that QEMU's process is in. */
export function moveTo(cgroup: string): Place {
  return async (hostThreadId) => {
    await writeFile(join(cgroup, 'cgroup.threads'), String(hostThreadId))
  }
}
