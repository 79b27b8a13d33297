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
import type { Answer, Session, Verb } from '../verb.ts'

const OPERANDS = ['N']

/** `qemu-vcpu scale N`: plug or unplug until N vCPUs are plugged. */
export const scaleVerb: Verb = {
  name: 'scale',
  operands: OPERANDS,
  summary: 'plug or unplug until N vCPUs are plugged',
  details: `All steps are planned before the first is sent: the lowest free slot is filled
first, the highest that can be unplugged is emptied first, and slots of several
vCPUs move as one. A count that cannot be reached is refused with the nearest that can.

The policies 'spread-nodes' and 'spread-sockets' plug in the NUMA node, or socket,
with the fewest vCPUs plugged, and unplug from the fullest.

When a step fails those after it are not tried, and what was done stays, unless
--rollback is given. An interruption undoes nothing. --timeout is for each step.`,
  options: {
    'dry-run': { type: 'boolean', help: 'print the plan and send nothing' },
    policy: { type: 'string', value: 'POLICY', help: 'lowest (the default), spread-nodes or spread-sockets' },
    guest: { type: 'boolean', help: 'carry each step through into the guest, and verify it; needs --qga' },
    rollback: { type: 'boolean', help: 'when a step fails, undo those before it, the last one first' },
  },
  changes: true,
  needsAgent: false,
  prepare: ({ operands, options, hasAgent }) => {
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
  },
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
