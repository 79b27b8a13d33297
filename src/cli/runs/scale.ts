import {
  CpuMap,
  SCALE_POLICIES,
  InputError,
  quote,
  type Plan,
  type PlanOptions,
  type ScaleOptions,
  type ScalePolicy,
  type ScaleResult,
} from '../../index.ts'
import { agentMissing } from '../errors.ts'
import { finishRun, planDocument } from '../finish-run.ts'
import { BARE_PLUG } from '../hints.ts'
import { parseCount, requireOperands } from '../operands.ts'
import { renderPlan } from '../render/plan-table.ts'
import type { Answer, Session, VerbCode } from '../verb.ts'

const OPERANDS = ['N']

/** Check what the verb was given, and say what it does then. */
export const prepare: VerbCode['prepare'] = ({ operands, options, hasAgent }) => {
  requireOperands('scale', operands, OPERANDS)
  const [countText = ''] = operands
  const count = parseCount(countText)
  const policy = parsePolicy(options.get('policy'))
  const guest = options.has('guest')
  if (guest && !hasAgent) throw agentMissing('scale --guest')
  const rollback = options.has('rollback')
  return options.has('dry-run')
    ? (session) => showPlan(session, count, { policy, guest })
    : (session) => scale(session, count, { policy, guest, rollback })
}

function parsePolicy(text: string | true | undefined): ScalePolicy {
  const policy = SCALE_POLICIES.find((known) => known === (text ?? 'lowest'))
  if (policy !== undefined) return policy
  throw new InputError('ERR_POLICY', `${quote(text)} is not a policy, expected one of ${SCALE_POLICIES.join(', ')}`)
}

async function showPlan({ domain, call, paint }: Session, count: number, options: PlanOptions): Promise<Answer> {
  const plan = await domain.plan(count, { ...call(), ...options })
  return {
    json: { changed: CpuMap.empty, outcome: 'not-sent', online: plan.from, plan: planDocument(plan) },
    text: () => renderPlan(plan, paint),
  }
}

async function scale(session: Session, count: number, options: ScaleOptions): Promise<Answer> {
  const { domain, call } = session
  const result = await finishRun(session, domain.scale(count, { ...call(), ...options }))
  const { changed, outcome, online, plan } = result
  const isBare = options.guest !== true && plan.to > plan.from && changed.size > 0
  return {
    json: { changed, outcome, online, plan: planDocument(plan) },
    text: () => sentence(result, options.guest === true),
    ...(isBare ? { hint: BARE_PLUG } : {}),
  }
}

function sentence({ changed, online, plan }: ScaleResult, inGuest: boolean): string {
  const count = renderedCount(online, inGuest)
  if (plan.steps.length === 0) return `${count} already; nothing sent`
  // Another client may have done all of it meanwhile.
  const ids = changed.size === 0 ? 'nothing' : `vCPU ${String(changed)}`
  return `${verbOf(plan)} ${ids}; ${count} now`
}

function verbOf({ from, to, steps }: Plan): string {
  if (steps.every(({ part }) => part === 'guest')) return 'turned on'
  return to > from ? 'plugged' : 'unplugged'
}

function renderedCount(count: number, inGuest: boolean): string {
  if (inGuest) return `the guest runs ${count} ${count === 1 ? 'CPU' : 'CPUs'}`
  return `${count} ${count === 1 ? 'vCPU is' : 'vCPUs are'} plugged`
}
