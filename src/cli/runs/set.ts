import {
  CONFIDENCES,
  InputError,
  quote,
  foreignText,
  type ChangeStep,
  type Confidence,
  type CpuMap,
  type SetVcpuStateOptions,
  type VcpuChange,
} from '../../index.ts'
import { agentMissing, usageError } from '../errors.ts'
import { finishRun, planDocument } from '../finish-run.ts'
import { BARE_PLUG } from '../hints.ts'
import { parseCpuIds, parseState, requireOperands, singleId } from '../operands.ts'
import type { Answer, Session, VerbCode } from '../verb.ts'

const OPERANDS = ['IDS', 'on|off']

/** Check what the verb was given, and say what it does then. */
export const prepare: VerbCode['prepare'] = ({ operands, options, hasAgent }) => {
  requireOperands('set', operands, OPERANDS)
  const [idText = '', stateText = ''] = operands
  const ids = parseCpuIds(idText)
  const online = parseState(stateText)
  const wholeSlot = options.has('whole-slot')
  const guest = options.has('guest')
  if (guest && !hasAgent) throw agentMissing('set --guest')
  const stray = ['rollback', 'confidence'].find((name) => options.has(name))
  const id = singleId(ids)
  const needsGuest = stray === 'confidence' || (stray !== undefined && id !== undefined)
  if (!guest && needsGuest) throw usageError(`set: --${stray} requires --guest`, 'set')
  const rollback = options.has('rollback')
  const leastConfidence = parseConfidence(options.get('confidence'))
  const how = { wholeSlot, guest, rollback, leastConfidence }
  return id === undefined
    ? (session) => setSeveral(session, ids, online, how)
    : (session) => setOne(session, id, online, how)
}

async function setOne({ domain, call }: Session, id: number, online: boolean, how: How): Promise<Answer> {
  const result = await domain.setVcpuState(id, online, { ...call(), ...how })
  const { changed, outcome, ...rest } = result
  return {
    json: { changed, outcome, ...rest },
    text: () => [sentence(result), ...(how.guest ? result.steps.map(stepLine) : [])].join('\n'),
    ...hintFor(changed, online, how),
  }
}

async function setSeveral(session: Session, ids: CpuMap, online: boolean, how: How): Promise<Answer> {
  const run = session.domain.setVcpuStates(ids, online, { ...session.call(), ...how })
  const { changed, outcome, plan, online: plugged } = await finishRun(session, run)
  return {
    json: { changed, outcome, ids, online, plugged, plan: planDocument(plan) },
    text: () => severalSentence(ids, online, changed),
    ...hintFor(changed, online, how),
  }
}

type How = Pick<SetVcpuStateOptions, 'wholeSlot' | 'guest' | 'rollback' | 'leastConfidence'>

function hintFor(changed: CpuMap, online: boolean, { guest }: How): Pick<Answer, 'hint'> {
  return online && guest !== true && changed.size > 0 ? { hint: BARE_PLUG } : {}
}

function severalSentence(ids: CpuMap, online: boolean, changed: CpuMap): string {
  const state = online ? 'plugged' : 'unplugged'
  if (changed.size === 0) return `vCPUs ${String(ids)} were ${state} already; nothing sent`
  return `${changed.size === 1 ? 'vCPU' : 'vCPUs'} ${String(changed)} ${changed.size === 1 ? 'is' : 'are'} ${state}`
}

function parseConfidence(text: string | true | undefined): Confidence | undefined {
  if (text === undefined) return undefined
  const confidence = CONFIDENCES.find((level) => level === text)
  if (confidence !== undefined) return confidence
  throw new InputError(
    'ERR_CONFIDENCE',
    `${quote(text)} is not a confidence, expected one of ${CONFIDENCES.join(', ')}`,
  )
}

function stepLine({ step, detail, atMs }: ChangeStep): string {
  return `${String(atMs).padStart(7)} ms  ${step}: ${foreignText(detail)}`
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
  const device = deviceId === null ? '' : ` (device ${foreignText(deviceId)}${online ? '' : ' has gone'})`
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
