import type { SimulatedQemuOptions } from '../../../src/testing/index.ts'
import type { CliVm } from './cli-vm.ts'
import type { ExpectedFailure } from './expect-failure.ts'

/** A command that must fail, and how. */
export interface FailureCase extends ExpectedFailure {
  readonly name: string
  readonly machine?: SimulatedQemuOptions
  /** What goes wrong in the VM, before the command runs. */
  readonly spoil?: (vm: CliVm) => unknown
  readonly argv: (vm: CliVm) => readonly string[]
}
