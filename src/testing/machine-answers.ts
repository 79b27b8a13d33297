import type { Board } from './board.ts'
import type { CommandArguments } from './command-hooks.ts'
import { Refusal } from './refusal.ts'

/** What runs the vCPUs of a simulated VM. */
export type SimulatedAccelerator = 'kvm' | 'tcg'

/** What a QEMU says of itself and its machine beside hotplug. Versions differ: `query-accelerators` is QEMU 11's. */
export function machineAnswers(
  board: Board,
  accelerator: SimulatedAccelerator,
): Readonly<Record<string, (args: CommandArguments) => unknown>> {
  const { version } = board.plan
  return {
    'query-kvm': () => ({ enabled: accelerator === 'kvm', present: true }),
    'query-name': () => ({ name: 'simulated' }),
    'query-migrate': () => ({}),
    'qom-get': ({ path, property }) => qomGet(board, path, property),
    ...(version.major >= 11 ? { 'query-accelerators': () => ({ enabled: accelerator, present: ['kvm', 'tcg'] }) } : {}),
    ...(accelerator === 'tcg' ? { 'x-query-jit': () => ({ 'human-readable-text': 'simulated\n' }) } : {}),
  }
}

function qomGet(board: Board, path: unknown, property: unknown): unknown {
  const { kind, slots, bootVcpus, version } = board.plan
  const device = board.devices.find(({ vcpus }) => vcpus.some(({ qomPath }) => qomPath === path))
  if (path !== '/machine' && device === undefined) {
    throw new Refusal(`Device '${String(path)}' not found`, 'DeviceNotFound')
  }
  const maxcpus = slots.reduce((sum, { count }) => sum + count, 0)
  const series = `${version.major}.${version.minor}`
  const types = {
    x86: `pc-q35-${series}-machine`,
    pseries: `pseries-${series}-machine`,
    s390x: `s390-ccw-virtio-${series}-machine`,
    'no-hotplug': 'microvm-machine',
  }
  const ofMachine: Readonly<Record<string, unknown>> = {
    type: types[kind],
    smp: { cpus: bootVcpus, maxcpus },
    ...(kind === 'x86' ? { acpi: 'auto' } : {}),
    ...(kind === 'pseries' ? { vsmt: slots[0]?.count ?? 1 } : {}),
  }
  const ofCpu: Readonly<Record<string, unknown>> =
    kind === 'x86' && device !== undefined ? { x2apic: false, 'apic-id': device.slot.apicId } : {}
  const properties = device === undefined ? ofMachine : ofCpu
  if (typeof property === 'string' && Object.hasOwn(properties, property)) return properties[property]
  throw new Refusal(`Property '${String(path)}.${String(property)}' not found`)
}
