import type { ChangeResult } from '../../index.ts'
import { parseCpuId, parseState, requireOperands } from '../operands.ts'
import type { Verb } from '../verb.ts'

const OPERANDS = ['ID', 'on|off']

/** `qemu-vcpu guest-set ID on|off`: turn one CPU of the guest on or off, through its agent. */
export const guestSetVerb: Verb = {
  name: 'guest-set',
  operands: OPERANDS,
  summary: 'turn one CPU of the guest on or off, through its agent',
  details: `ID is the guest's logical id, which is not QEMU's: 'map' shows the guest's ids, and
'list' which CPU of the guest each vCPU is. A CPU that has the state already is
left alone, which is no error. Needs --qga.`,
  options: {},
  changes: true,
  needsAgent: true,
  prepare: ({ operands }) => {
    requireOperands('guest-set', operands, OPERANDS)
    const [idText = '', stateText = ''] = operands
    const id = parseCpuId(idText)
    const online = parseState(stateText)
    return async ({ domain, call }) => {
      const result = await domain.setGuestVcpuState(id, online, call())
      const { changed, outcome, ...rest } = result
      return { json: { changed, outcome, ...rest }, text: () => sentence(result) }
    }
  },
}

function sentence({ changed, id, online }: ChangeResult): string {
  const state = online ? 'on' : 'off'
  return changed.size === 0 ? `guest CPU ${id} was ${state} already; nothing sent` : `guest CPU ${id} is ${state}`
}
