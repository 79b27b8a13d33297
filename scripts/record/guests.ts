import type { Guest, QemuVersion } from '../../packages/guest-kit/src/index.ts'
import type { GuestSpec, RecordingSpec } from './recording.ts'
import { agent, BLOCKED_COMMAND } from './sessions/agent.ts'
import { plugs, refusedUnplug, unplugs } from './sessions/hotplug.ts'

/** A QEMU and the agent of the same release. The kernel is the one that takes plugs under TCG (docs/wire-notes.md). */
const versions = ['7.2', '10.0'] as const satisfies readonly QemuVersion[]

function onBoth(make: (guest: GuestSpec) => Omit<RecordingSpec, 'qemu' | 'target'>): RecordingSpec[] {
  return versions.map((qemu) => ({ ...make({ kernel: '6.1', agent: qemu }), qemu, target: 'x86_64' as const }))
}

/** The recordings of guests. */
export const guestRecordings: readonly RecordingSpec[] = [
  ...onBoth((guest) => ({
    name: 'guest-plugs',
    smp: '2,maxcpus=8',
    guest,
    what: 'vCPU 5 plugged, turned on in the guest, vCPU 3 plugged; all maps after each step, and the guest id of each vCPU',
    session: plugs,
  })),
  ...onBoth((guest) => ({
    name: 'guest-unplugs',
    smp: '3,maxcpus=8',
    guest,
    what: 'vCPU 6 plugged and unplugged by id, vCPU 2 of -smp unplugged by its QOM path while the guest runs it; all maps after each step',
    session: unplugs,
  })),
  ...onBoth((guest) => ({
    name: 'guest-refuses',
    smp: '2,maxcpus=8',
    guest: { ...guest, prepare: needBothCpus },
    what: 'two deadline tasks of 0.7 CPUs each run in the guest, which therefore refuses to let vCPU 1 go',
    session: refusedUnplug,
  })),
  ...onBoth((guest) => ({
    name: 'agent',
    smp: '2,maxcpus=8',
    guest: { ...guest, agentArgs: ['-b', BLOCKED_COMMAND] },
    what: `the agent alone, started with ${BLOCKED_COMMAND} blocked: what it lists, does, refuses and reads`,
    session: agent,
  })),
]

/** The kernel does not turn a CPU off whose share of the deadline tasks the others could not take over. */
async function needBothCpus(guest: Guest): Promise<void> {
  const task =
    'chrt-deadline -d --sched-runtime 7000000 --sched-deadline 10000000 --sched-period 10000000 0 sleep 100000'
  const { status, stderr } = await guest.shell(`${task} & ${task} & until [ $(pidof sleep | wc -w) = 2 ]; do :; done`)
  if (status !== 0) throw new Error(`the guest runs no two deadline tasks: ${stderr}`)
}
