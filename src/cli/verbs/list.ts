import type { Vcpu } from '../../index.ts'
import { requireOperands } from '../operands.ts'
import { renderVcpus } from '../render/vcpu-table.ts'
import type { Verb } from '../verb.ts'

/** `qemu-vcpu list`: one row for each vCPU, plugged or not. */
export const listVerb: Verb = {
  name: 'list',
  operands: [],
  summary: 'list every vCPU, plugged or not, with all that is known of it',
  details: `The state is 'plugged', 'plugged, fixed' (QEMU would not let it go) or 'free'.
With --qga there is also the guest's CPU that it is: its logical id and state, and
how that is known where the guest's own /sys does not say it:
  observed  it appeared or vanished around a change
  computed  it follows from a rule
  assumed   nothing better is known than that both count from 0
  none      the guest has no CPU for a plugged vCPU`,
  options: {},
  changes: false,
  needsAgent: false,
  prepare: ({ operands }) => {
    requireOperands('list', operands, [])
    return async ({ domain, call, hasAgent, paint }) => {
      const vcpus = await domain.vcpus(call())
      return {
        json: { vcpus: vcpus.map(vcpuDocument) },
        text: () => renderVcpus(vcpus, hasAgent, paint),
      }
    }
  },
}

/** Field by field: what scripts parse must not change because the library's objects do. */
function vcpuDocument(vcpu: Vcpu): object {
  const { id, online, offlinable, slot, deviceId, qomPath, props, hostThreadId, guest } = vcpu
  return { id, online, offlinable, slot, deviceId, qomPath, props, hostThreadId, guest: guestDocument(guest) }
}

function guestDocument(guest: Vcpu['guest']): object | null {
  if (guest === null) return null
  if (guest.id === null) return { id: null, online: null, confidence: guest.confidence }
  const { id, online, confidence, canOffline } = guest
  return { id, online, confidence, canOffline }
}
