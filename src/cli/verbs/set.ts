import type { VcpuChange } from '../../domain/index.ts'
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
the guest may still let the vCPU go.`,
  options: {
    'whole-slot': {
      type: 'boolean',
      help: 'move all vCPUs of its slot, where QEMU moves several as one (pseries)',
    },
  },
  changes: true,
  needsAgent: false,
  prepare: ({ operands, options }) => {
    requireOperands('set', operands, OPERANDS)
    const [idText = '', stateText = ''] = operands
    const id = parseCpuId(idText)
    const online = parseState(stateText)
    const wholeSlot = options.has('whole-slot')
    return async ({ domain, call }) => {
      const result = await domain.setVcpuState(id, online, { ...call(), wholeSlot })
      const { changed, outcome, ...rest } = result
      return { json: { changed, outcome, ...rest }, text: () => sentence(result) }
    }
  },
}

function sentence({ changed, id, online, deviceId }: VcpuChange): string {
  const state = online ? 'plugged' : 'unplugged'
  if (changed.size === 0) return `vCPU ${id} was ${state} already; nothing sent`
  const subject = changed.size === 1 ? `vCPU ${String(changed)} is` : `vCPUs ${String(changed)} are`
  const device = deviceId === null ? '' : ` (device ${deviceId}${online ? '' : ' has gone'})`
  return `${subject} ${state}${device}`
}
