import type { CpuMap } from '../../index.ts'
import { parseCpuIds, parseState, requireOperands, singleId } from '../operands.ts'
import type { Answer, Session, Verb } from '../verb.ts'

const OPERANDS = ['IDS', 'on|off']

/** `qemu-vcpu guest-set IDS on|off`: turn CPUs of the guest on or off through its agent, each one by itself. */
export const guestSetVerb: Verb = {
  name: 'guest-set',
  operands: OPERANDS,
  summary: 'turn CPUs of the guest on or off, one after the other',
  details: `IDS is one of the guest's logical ids, which are not QEMU's, or a list such as 5-7,^6:
'map' shows the guest's ids, and 'list' which CPU of the guest each vCPU is. A list
is checked as a whole, and then changed one CPU after the other. A CPU that has the
state already is left alone, which is not an error. Needs --qga, and nothing else.`,
  options: {},
  changes: true,
  agentOnly: true,
  needsAgent: true,
  prepare: ({ operands }) => {
    requireOperands('guest-set', operands, OPERANDS)
    const [idText = '', stateText = ''] = operands
    const ids = parseCpuIds(idText)
    const online = parseState(stateText)
    const id = singleId(ids)
    return id === undefined ? (session) => setSeveral(session, ids, online) : (session) => setOne(session, id, online)
  },
}

async function setOne({ domain, call }: Session, id: number, online: boolean): Promise<Answer> {
  const { changed, outcome, ...rest } = await domain.setGuestVcpuState(id, online, call())
  return { json: { changed, outcome, ...rest }, text: () => sentence(`CPU ${id}`, 'was', online, changed) }
}

async function setSeveral({ domain, call }: Session, ids: CpuMap, online: boolean): Promise<Answer> {
  const { changed, outcome, online: running } = await domain.setGuestVcpuStates(ids, online, call())
  return {
    json: { changed, outcome, ids, online, running },
    text: () => sentence(`CPUs ${String(ids)}`, 'were', online, changed),
  }
}

function sentence(subject: string, were: string, online: boolean, changed: CpuMap): string {
  const state = online ? 'on' : 'off'
  if (changed.size === 0) return `guest ${subject} ${were} ${state} already; nothing sent`
  return `guest ${changed.size === 1 ? 'CPU' : 'CPUs'} ${String(changed)} ${changed.size === 1 ? 'is' : 'are'} ${state}`
}
