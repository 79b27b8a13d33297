import { quote } from '../../index.ts'
import type { MachineKind } from '../../testing/index.ts'
import { usageError } from '../errors.ts'

/** A machine type of QEMU, as far as the simulation has it. */
export interface SimMachine {
  /** As `-machine` has it. */
  readonly name: string
  readonly kind: MachineKind
  readonly pc?: 'q35' | 'i440fx'
  /** The most vCPUs that QEMU 10 starts it with; of pseries, which has no such number, as many as the simulation takes. */
  readonly most: number
  /** The levels of `-smp` beside sockets, cores and threads that it has. */
  readonly hasDies: boolean
}

const MACHINES: readonly SimMachine[] = [
  { name: 'q35', kind: 'x86', pc: 'q35', most: 4_096, hasDies: true },
  { name: 'pc', kind: 'x86', pc: 'i440fx', most: 255, hasDies: true },
  { name: 'pseries', kind: 'pseries', most: 4_096, hasDies: false },
  { name: 's390-ccw-virtio', kind: 's390x', most: 248, hasDies: false },
]

/**
 * Find a machine type.
 *
 * @throws {@link InputError} `ERR_USAGE` for one that the simulation does not have
 */
export function findMachine(name: string): SimMachine {
  const machine = MACHINES.find((each) => each.name === name)
  if (machine !== undefined) return machine
  const expected = MACHINES.map((each) => each.name).join(', ')
  throw usageError(`--machine is ${quote(name)}, expected one of ${expected}`, 'sim')
}
