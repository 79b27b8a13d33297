import { isX86 } from '../../../bitmap/machine/apic-id.ts'
import { CpuMap } from '../../../bitmap/set/cpu-map.ts'
import { foreignText } from '../../../errors/quote.ts'
import { onRefusal } from '../../../errors/refusal.ts'
import type { QgaExecutor } from '../../../qga/executor.ts'
import { readGuestText } from '../../../qga/read-file.ts'
import type { Deadline } from '../../../wire/deadline.ts'
import { readPossible } from '../../guest/cpus.ts'
import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'

const FILE_COMMANDS = ['guest-file-open', 'guest-file-read', 'guest-file-close']
/** Words of the kernel's command line that take CPUs away (Linux, Documentation/admin-guide/kernel-parameters.txt). */
const LIMITS = /(?:^|\s)((?:possible_cpus|nr_cpus)=\S+|nosmp|nolapic|acpi=off)(?=\s|$)/g

/**
 * Has the guest's kernel room for as many CPUs as QEMU has slots? One that has not says yes to a plug and does nothing
 * (docs/wire-notes.md).
 */
export async function guestRoom(facts: Facts): Promise<readonly Finding[]> {
  const agent = await facts.agentFor(...FILE_COMMANDS)
  if (agent === undefined) return []
  const { slots } = await facts.reading()
  const text = await readPossible(agent, facts.agentDeadline)
  if (text === undefined) return []
  const room = CpuMap.parse(text).size
  const all = slots.reduce((sum, { count }) => sum + count, 0)
  if (room >= all) return []
  const plugged = slots.reduce((sum, { vcpus }) => sum + vcpus.length, 0)
  const guest = await readKernel(agent, facts.agentDeadline)
  return [
    {
      code: 'guest-kernel-room',
      severity: room > plugged ? 'warns' : 'blocks',
      summary: `the guest's kernel has room for ${room} CPUs, and the machine for ${all}: it ignores what is plugged beyond that`,
      evidence:
        `/sys/devices/system/cpu/possible: ${foreignText(text, 60)}; kernel ${foreignText(guest.release ?? 'unknown', 60)}; ` +
        `command line: ${foreignText(guest.commandLine ?? 'unknown', 200)}`,
      advice: await advise(facts, guest),
    },
  ]
}

interface Kernel {
  readonly release: string | undefined
  readonly commandLine: string | undefined
}

async function advise(facts: Facts, { release, commandLine }: Kernel): Promise<string> {
  const limits = [...(commandLine ?? '').matchAll(LIMITS)].map(([, word = '']) => foreignText(word, 40))
  if (limits.length > 0) return `take ${limits.join(' and ')} off the guest kernel's command line, and boot it again`
  const [{ target }, { name }] = await Promise.all([facts.reading(), facts.accelerator()])
  if (isX86(target) && asksForHypervisor(release)) {
    const rule = 'Linux takes hotplug slots from 6.9 on only under a hypervisor that it knows'
    return name === 'kvm'
      ? `${rule}: do not hide KVM from the guest (-cpu …,kvm=off or -hypervisor)`
      : `${rule}, and TCG is none: start the VM with -accel kvm, or run an older kernel in it`
  }
  return 'use a guest kernel that is built for more CPUs (CONFIG_NR_CPUS), and see what it says at boot about the CPUs that it allows'
}

function asksForHypervisor(release = ''): boolean {
  const [major = 0, minor = 0] = release.split('.', 2).map((part) => Number.parseInt(part, 10))
  return major > 6 || (major === 6 && minor >= 9)
}

async function readKernel(agent: QgaExecutor, deadline: Deadline): Promise<Kernel> {
  return {
    release: await readText(agent, '/proc/sys/kernel/osrelease', deadline),
    commandLine: await readText(agent, '/proc/cmdline', deadline),
  }
}

/** What a file of the guest says; `undefined` where it has none. */
function readText(agent: QgaExecutor, path: string, deadline: Deadline): Promise<string | undefined> {
  return readGuestText(agent, path, deadline.timed()).catch(onRefusal(() => undefined))
}
