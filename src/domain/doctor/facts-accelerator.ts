import { foreignText } from '../../errors/quote.ts'
import { onRefusal } from '../../errors/refusal.ts'
import { callQmp } from '../../qmp/commands.ts'
import type { QmpExecutor } from '../../qmp/executor.ts'
import type { Deadline } from '../../wire/deadline.ts'

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
  const unknown = onRefusal(() => undefined)
  const accelerators = await callQmp(qmp, 'query-accelerators', undefined, deadline.options()).catch(unknown)
  if (accelerators !== undefined) {
    const name = foreignText(accelerators.enabled, 40)
    return { name, evidence: `query-accelerators: "${name}" is enabled` }
  }
  const kvm = await callQmp(qmp, 'query-kvm', undefined, deadline.options()).catch(unknown)
  if (kvm?.enabled === true) return { name: 'kvm', evidence: 'query-kvm: enabled' }
  const hasJit = await callQmp(qmp, 'x-query-jit', undefined, deadline.options()).then(
    () => true,
    onRefusal(() => false),
  )
  const evidence = kvm === undefined ? 'QEMU has no query-kvm' : 'query-kvm: not enabled'
  return hasJit
    ? { name: 'tcg', evidence: `${evidence}; x-query-jit answers, as under TCG only` }
    : { name: undefined, evidence: `${evidence}; x-query-jit refuses` }
}
