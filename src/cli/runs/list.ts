import { CpuMap, type Vcpu } from '../../index.ts'
import { requireOperands } from '../operands.ts'
import { renderVcpus } from '../render/vcpu-table.ts'
import type { VerbCode } from '../verb.ts'

/** Check what the verb was given, and say what it does then. */
export const prepare: VerbCode['prepare'] = ({ operands }) => {
  requireOperands('list', operands, [])
  return async ({ domain, call, hasAgent, paint }) => {
    let failure: unknown
    const onGuestError = (error: unknown): void => {
      failure = error
    }
    const vcpus = await domain.vcpus({ ...call(), onGuestError })
    return {
      json: { vcpus: vcpus.map(vcpuDocument) },
      text: () => [renderVcpus(vcpus, hasAgent, paint), ...(failure === undefined ? notKnown(vcpus) : [])].join('\n\n'),
      failure,
    }
  }
}

/** What can be done about vCPUs whose CPU of the guest is not known. */
function notKnown(vcpus: readonly Vcpu[]): string[] {
  const ids = CpuMap.from(vcpus.filter(({ guest }) => guest?.confidence === 'unknown').map(({ id }) => id))
  if (ids.size === 0) return []
  return [
    `not known: which CPU of the guest vCPU ${String(ids)} is, if it has one. Allow the agent guest-file-open,\n` +
      'guest-file-read and guest-file-close (allow-rpcs and block-rpcs in qemu-ga.conf), so that the guest itself says it.',
  ]
}

/** Field by field: what scripts parse must not change because the library's objects do. */
function vcpuDocument(vcpu: Vcpu): object {
  const { id, online, offlinable, slot, type, deviceId, qomPath, props, hostThreadId, guest } = vcpu
  return { id, online, offlinable, slot, type, deviceId, qomPath, props, hostThreadId, guest: guestDocument(guest) }
}

function guestDocument(guest: Vcpu['guest']): object | null {
  if (guest === null) return null
  if (guest.id === null) return { id: null, online: null, confidence: guest.confidence }
  const { id, online, confidence, canOffline } = guest
  return { id, online, confidence, canOffline }
}
