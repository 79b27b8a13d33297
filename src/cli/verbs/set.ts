import type { VcpuChange } from '../../domain/index.ts'
import { agentMissing } from '../errors.ts'
import { parseCpuId, parseState, requireOperands } from '../operands.ts'
import type { Verb } from '../verb.ts'

const OPERANDS = ['ID', 'on|off']

/** `qemu-vcpu set ID on|off`: plug or unplug one vCPU in QEMU. */
export const setVerb: Verb = {
  name: 'set',
  operands: OPERANDS,
  summary: 'plug (on) or unplug (off) one vCPU',
  details: `ID is QEMU's cpu-index, as 'map' and 'list' show it. A vCPU that has the state
already is left alone, which is no error. Unplugging takes the guest's consent,
and ends once QEMU's slot is empty. A time-out does not take the request back:
the guest may still let the vCPU go.

With --guest, 'on' also waits until the guest lists the vCPU, and turns it on there;
'off' first turns off exactly the guest's CPU that it is, or refuses where that is
not known well enough.`,
  options: {
    'whole-slot': {
      type: 'boolean',
      help: 'move all vCPUs of its slot, where QEMU moves several as one (pseries)',
    },
    guest: {
      type: 'boolean',
      help: 'carry it through into the guest, and verify it there; needs --qga',
    },
  },
  changes: true,
  needsAgent: false,
  prepare: ({ operands, options, hasAgent }) => {
    requireOperands('set', operands, OPERANDS)
    const [idText = '', stateText = ''] = operands
    const id = parseCpuId(idText)
    const online = parseState(stateText)
    const wholeSlot = options.has('whole-slot')
    const guest = options.has('guest')
    if (guest && !hasAgent) throw agentMissing('set --guest')
    return async ({ domain, call }) => {
      const result = await domain.setVcpuState(id, online, { ...call(), wholeSlot, guest })
      const { changed, outcome, ...rest } = result
      return { json: { changed, outcome, ...rest }, text: () => sentence(result) }
    }
  },
}

function sentence(result: VcpuChange): string {
  const { changed, guest } = result
  const isUntouched = changed.size === 0 && (guest === null || guest.changed.size === 0)
  return [ownPart(result), guestPart(result), ...(isUntouched ? ['nothing sent'] : [])]
    .filter((part) => part !== '')
    .join('; ')
}

/** What has become of it in QEMU. */
function ownPart({ changed, id, online, deviceId }: VcpuChange): string {
  const state = online ? 'plugged' : 'unplugged'
  if (changed.size === 0) return `vCPU ${id} was ${state} already`
  const subject = changed.size === 1 ? `vCPU ${String(changed)} is` : `vCPUs ${String(changed)} are`
  const device = deviceId === null ? '' : ` (device ${deviceId}${online ? '' : ' has gone'})`
  return `${subject} ${state}${device}`
}

/** What has become of it in the guest. */
function guestPart({ guest, online }: VcpuChange): string {
  if (guest === null || guest.ids.size === 0) return ''
  const state = online ? 'on' : 'off'
  return guest.changed.size === 0
    ? `guest CPU ${String(guest.ids)} was ${state} already`
    : `guest CPU ${String(guest.changed)} was turned ${state}${online ? '' : ' first'}`
}
