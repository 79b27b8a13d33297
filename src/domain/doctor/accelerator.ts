import { CommandError } from '../../errors/peer-errors.ts'
import { foreignText } from '../../errors/quote.ts'
import type { QmpExecutor } from '../../qmp/executor.ts'
import type { Deadline } from '../../wire/deadline.ts'
import { Field } from '../../wire/decode.ts'

/** What runs the vCPUs. */
export interface Accelerator {
  /** In the words of `-accel`, such as `tcg` or `kvm`; `undefined` where QEMU does not tell. */
  readonly name: string | undefined
  /** How that is known. */
  readonly evidence: string
}

/**
 * Find out which accelerator QEMU uses. Only QEMU 11 says so (`query-accelerators`); those before tell KVM from the rest
 * (`query-kvm`), and answer `x-query-jit` under TCG only. Of that one's answer nothing is read but that there is one: its
 * words are nobody's contract.
 *
 * @throws what the executor rejects with, other than QEMU's own refusals
 */
export async function readAccelerator(qmp: QmpExecutor, deadline: Deadline): Promise<Accelerator> {
  const accelerators = await askIfKnown(qmp, 'query-accelerators', deadline)
  if (accelerators !== undefined) {
    const name = foreignText(accelerators.at('enabled').string(), 40)
    return { name, evidence: `query-accelerators: "${name}" is enabled` }
  }
  const kvm = await askIfKnown(qmp, 'query-kvm', deadline)
  if (kvm?.at('enabled').boolean() === true) return { name: 'kvm', evidence: 'query-kvm: enabled' }
  const jit = await askIfKnown(qmp, 'x-query-jit', deadline)
  const evidence = kvm === undefined ? 'QEMU has no query-kvm' : 'query-kvm: not enabled'
  return jit === undefined
    ? { name: undefined, evidence: `${evidence}; x-query-jit refuses` }
    : { name: 'tcg', evidence: `${evidence}; x-query-jit answers, as under TCG only` }
}

/** The answer; `undefined` where QEMU does not know the command, or refuses it. */
async function askIfKnown(qmp: QmpExecutor, command: string, deadline: Deadline): Promise<Field | undefined> {
  try {
    return new Field(command, await qmp.execute(command, undefined, deadline.options()))
  } catch (error) {
    if (error instanceof CommandError) return undefined
    throw error
  }
}
