import { expect } from 'vitest'
import { Refusal, type SimulatedQemuOptions } from '../../../src/testing/index.ts'
import type { FailureCase } from './failure-case.ts'

/** The steps of a change, of whatever words and times. */
function stepsNamed(...names: readonly string[]): unknown {
  const words = expect.any(String) as unknown
  const time = expect.any(Number) as unknown
  return names.map((step) => ({ step, detail: words, atMs: time }))
}

const PSERIES: SimulatedQemuOptions = { kind: 'pseries', bootVcpus: 4, maxcpus: 16, threads: 4 }
const FIXED: SimulatedQemuOptions = { kind: 'no-hotplug', bootVcpus: 2 }
const S390X: SimulatedQemuOptions = { kind: 's390x', bootVcpus: 2, maxcpus: 4 }
/** What the machine, the guest or this package refuses: exit 1. */
export const refusals: readonly FailureCase[] = [
  {
    name: 'an id beyond the last slot',
    argv: (vm) => ['set', '8', 'on', ...vm.qmp],
    exit: 1,
    code: 'ERR_NO_SUCH_VCPU',
    outcome: 'not-sent',
    message: /vCPU 8 does not exist: this machine has vCPUs 0 to 7/,
  },
  {
    name: 'one thread of a larger slot',
    machine: PSERIES,
    argv: (vm) => ['set', '6', 'on', ...vm.qmp],
    exit: 1,
    code: 'ERR_PART_OF_SLOT',
    outcome: 'not-sent',
    message: /vCPU 6 is a part of the slot 4-7/,
  },
  {
    name: 'the boot CPU',
    argv: (vm) => ['set', '0', 'off', ...vm.qmp],
    exit: 1,
    code: 'ERR_NOT_OFFLINABLE',
    outcome: 'not-sent',
    message: /vCPU 0 cannot be unplugged: it is the boot CPU/,
  },
  {
    name: 'a machine that never unplugs',
    machine: S390X,
    argv: (vm) => ['set', '1', 'off', ...vm.qmp],
    exit: 1,
    code: 'ERR_NOT_OFFLINABLE',
    outcome: 'not-sent',
    message: /never unplugs/,
  },
  {
    name: 'a machine without hotplug, to plug',
    machine: FIXED,
    argv: (vm) => ['set', '2', 'on', ...vm.qmp],
    exit: 1,
    code: 'ERR_NO_HOTPLUG',
    outcome: 'not-sent',
    message: /no vCPU hotplug/,
  },
  {
    name: 'a machine without hotplug, to unplug',
    machine: FIXED,
    argv: (vm) => ['set', '1', 'off', ...vm.qmp],
    exit: 1,
    code: 'ERR_NO_HOTPLUG',
    outcome: 'not-sent',
    message: /no vCPU hotplug/,
  },
  {
    name: 'a guest that says no',
    spoil: (vm) => (vm.qemu.guest.onUnplug = 'refuse'),
    argv: (vm) => ['set', '1', 'off', ...vm.qmp],
    exit: 1,
    code: 'ERR_GUEST_REFUSED',
    outcome: 'rejected',
    message: /the guest refused the unplug of vCPU 1/,
  },
  {
    name: 'a guest that cannot take the vCPU',
    spoil: (vm) => (vm.qemu.guest.onPlug = 'refuse'),
    argv: (vm) => ['set', '5', 'on', '--guest', ...vm.both],
    exit: 1,
    code: 'ERR_GUEST_REJECTED',
    outcome: 'partial',
    message: /It stays plugged in QEMU/,
    details: { failedStep: 'guest-acknowledged', steps: stepsNamed('device_add', 'slot-filled') },
  },
  {
    name: 'a guest that cannot take the vCPU, undone',
    spoil: (vm) => (vm.qemu.guest.onPlug = 'refuse'),
    argv: (vm) => ['set', '5', 'on', '--guest', '--rollback', ...vm.both],
    exit: 1,
    code: 'ERR_GUEST_REJECTED',
    outcome: 'rejected',
    message: /It was unplugged again/,
    details: {
      failedStep: 'guest-acknowledged',
      steps: stepsNamed('device_add', 'slot-filled', 'device_del', 'slot-empty', 'undo'),
    },
  },
  {
    name: 'a CPU of the guest that is not known as well as asked for',
    spoil: (vm) =>
      vm.agent.onCommand('guest-file-open', () => {
        throw new Refusal('Command guest-file-open has been disabled', 'CommandNotFound')
      }),
    argv: (vm) => ['set', '1', 'off', '--guest', ...vm.both],
    exit: 1,
    code: 'ERR_UNSURE',
    outcome: 'not-sent',
    message: /only computed, which is less than observed/,
  },
  {
    name: 'a CPU that the guest does not have',
    argv: (vm) => ['guest-set', '7', 'on', ...vm.both],
    exit: 1,
    code: 'ERR_NO_SUCH_VCPU',
    outcome: 'not-sent',
    message: /the guest has no CPU 7: it lists 0-1/,
  },
  {
    name: 'a CPU that the guest keeps',
    argv: (vm) => ['guest-set', '0', 'off', ...vm.both],
    exit: 1,
    code: 'ERR_NOT_OFFLINABLE',
    outcome: 'not-sent',
    message: /CPU 0 cannot be turned off/,
  },
  {
    name: 'replies that contradict each other',
    spoil: (vm) => vm.qemu.onCommand('query-cpus-fast', () => []),
    argv: (vm) => ['map', ...vm.qmp],
    exit: 1,
    code: 'ERR_CONTRADICTION',
    outcome: 'not-sent',
    message: /query-cpus-fast/,
  },
]
