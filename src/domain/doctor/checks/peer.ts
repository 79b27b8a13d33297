import { CommandError } from '../../../errors/peer-errors.ts'
import { foreignText } from '../../../errors/quote.ts'
import { onRefusal } from '../../../errors/refusal.ts'
import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'
import { RUN_STATES } from '../run-states.ts'

/** A machine type without anything in it, on which management layers ask QEMU what it can. */
const EMPTY_MACHINE = 'none-machine'
const QUESTION = 'query-cpus-fast'

/**
 * Is there a VM behind the monitor at all? Without one, or before it exists, no other check applies.
 *
 * @returns why not; `undefined` where there is one
 * @throws what the executor rejects with, other than QEMU's own refusals
 */
export async function noVm(facts: Facts): Promise<Finding | undefined> {
  const refusal = await facts.reading().then(
    () => undefined,
    onRefusal((error: CommandError) => error),
  )
  if (refusal === undefined) return emptyMachine(facts)
  if (refusal.command !== QUESTION) return undefined
  const status = await facts.status().catch(onRefusal((error: CommandError) => error))
  const evidence = `${QUESTION}: ${refusal.description}`
  if (refusal.errorClass === 'CommandNotFound') {
    return status instanceof CommandError ? notAVm(evidence) : tooOld(facts, evidence)
  }
  const preconfig = RUN_STATES.get('preconfig')
  if (status instanceof CommandError || status.status !== 'prelaunch' || preconfig === undefined) return undefined
  return { code: 'vm-not-running', ...preconfig, evidence: `query-status: prelaunch; ${evidence}` }
}

async function emptyMachine(facts: Facts): Promise<Finding | undefined> {
  const { slots } = await facts.reading()
  if (slots.length > 0) return undefined
  const { type } = await facts.machine()
  return type === EMPTY_MACHINE
    ? notAVm(`qom-get /machine type: ${foreignText(type, 40)}; ${QUESTION}: none`)
    : undefined
}

function notAVm(evidence: string): Finding {
  return {
    code: 'not-a-vm',
    severity: 'blocks',
    summary: 'the monitor is not that of a VM: there is no vCPU, and there never will be',
    evidence,
    advice:
      'give the monitor of the QEMU that runs the VM; qemu-storage-daemon has a monitor of its own, and -machine none is only there to be asked what QEMU can',
  }
}

async function tooOld(facts: Facts, evidence: string): Promise<Finding> {
  const { qemu } = await facts.version()
  return {
    code: 'qemu-too-old',
    severity: 'blocks',
    summary: `this QEMU has no ${QUESTION}: its vCPUs cannot be seen without disturbing its guest`,
    evidence: `query-version: ${qemu.major}.${qemu.minor}.${qemu.micro}; ${evidence}`,
    advice: 'run the VM on QEMU 2.12 or later',
  }
}
