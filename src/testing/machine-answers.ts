import type { Board } from './board.ts'
import type { CommandArguments } from './command-hooks.ts'
import { cpuModelOf } from './machine-models.ts'
import { qomGet } from './qom-tree.ts'

/** What runs the vCPUs of a simulated VM. */
export type SimulatedAccelerator = 'kvm' | 'tcg'

/**
 * What a QEMU says of itself and its machine beside hotplug. Versions differ: `query-accelerators` is QEMU 11's.
 *
 * @param accelerator - `undefined`: one that no command names
 */
export function machineAnswers(
  board: Board,
  accelerator: SimulatedAccelerator | undefined,
): Readonly<Record<string, (args: CommandArguments) => unknown>> {
  const { version, kind, target, machineType, slots } = board.plan
  const isX86 = target === 'x86_64'
  // Built for the host's own architecture, which is x86 unless the machine runs under KVM.
  const hasKvm = isX86 || accelerator === 'kvm'
  const present = [...(hasKvm ? ['kvm'] : []), ...(isX86 ? ['mshv'] : []), 'qtest', 'tcg']
  return {
    'query-kvm': () => ({ enabled: accelerator === 'kvm', present: hasKvm }),
    'query-name': () => ({}),
    'query-migrate': () => ({}),
    'query-target': () => ({ arch: target }),
    'query-current-machine': () => ({ 'wakeup-suspend-support': kind === 'x86' || kind === 'pseries' }),
    'query-machines': () => [
      {
        name: machineType.replace(/-machine$/, ''),
        'cpu-max': slots.length,
        'hotpluggable-cpus': kind !== 'no-hotplug',
        'numa-mem-supported': false,
        deprecated: false,
        acpi: kind === 'x86' || kind === 'loongarch64',
        'default-cpu-type': cpuModelOf(kind, version),
      },
    ],
    'qom-get': ({ path, property }) => qomGet(board, String(path), String(property)),
    ...(version.major >= 11 && accelerator !== undefined
      ? { 'query-accelerators': () => ({ enabled: accelerator, present }) }
      : {}),
    ...(accelerator === 'tcg' ? { 'x-query-jit': () => ({ 'human-readable-text': 'simulated\n' }) } : {}),
  }
}
