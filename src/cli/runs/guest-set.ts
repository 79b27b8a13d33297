import type { CpuMap } from '../../index.ts'
import { parseCpuIds, parseState, requireOperands, singleId } from '../operands.ts'
import type { Answer, Session, VerbCode } from '../verb.ts'

const OPERANDS = ['IDS', 'on|off']

/** Check what the verb was given, and say what it does then. */
export const prepare: VerbCode['prepare'] = ({ operands }) => {
  requireOperands('guest-set', operands, OPERANDS)
  const [idText = '', stateText = ''] = operands
  const ids = parseCpuIds(idText)
  const online = parseState(stateText)
  const id = singleId(ids)
  return id === undefined ? (session) => setSeveral(session, ids, online) : (session) => setOne(session, id, online)
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
