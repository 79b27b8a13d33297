import {
  AbortError,
  SCALE_POLICIES,
  InputError,
  quote,
  type Plan,
  type PlanOptions,
  type ScaleOptions,
  type ScalePolicy,
  type ScaleResult,
} from '../../index.ts'
import { agentMissing, InterruptedError } from '../errors.ts'
import { parseCount, requireOperands } from '../operands.ts'
import { renderPlan } from '../render/plan-table.ts'
import { ProgressLine } from '../render/progress-line.ts'
import type { Answer, Session, Verb } from '../verb.ts'

const OPERANDS = ['N']

/** `qemu-vcpu scale N`: plug or unplug until N vCPUs are plugged. */
export const scaleVerb: Verb = {
  name: 'scale',
  operands: OPERANDS,
  summary: 'plug or unplug until N vCPUs are plugged',
  details: `All steps are planned before the first is sent: the lowest free slot is filled
first, the highest that may go is emptied first, and slots of several vCPUs move as
one. A count that cannot be reached is refused with the nearest that can.

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
  throw new InputError('ERR_POLICY', `${quote(text)} is no policy, expected one of ${SCALE_POLICIES.join(', ')}`)
}

async function showPlan({ domain, call, paint }: Session, count: number, options: PlanOptions): Promise<Answer> {
  const plan = await domain.plan(count, { ...call(), ...options })
  return { json: { plan: planDocument(plan) }, text: () => renderPlan(plan, paint) }
}

async function scale(session: Session, count: number, options: ScaleOptions): Promise<Answer> {
  const { domain, call, wantsJson, io } = session
  const run = domain.scale(count, { ...call(), ...options })
  const line = new ProgressLine(io)
  try {
    for await (const progress of run) if (!wantsJson) line.show(progress)
    const result = await run
    const { changed, outcome, online, plan } = result
    return { json: { changed, outcome, online, plan: planDocument(plan) }, text: () => sentence(result) }
  } catch (error) {
    // Who interrupts a change of several wants to know how far it had come.
    throw error instanceof AbortError ? new InterruptedError(error.outcome, run) : error
  } finally {
    if (!wantsJson) line.clear()
  }
}

/** Field by field: what scripts parse must not change because the library's objects do. */
function planDocument({ from, to, steps }: Plan): object {
  return { from, to, steps: steps.map(({ id, ids, online, reason }) => ({ id, ids, online, reason })) }
}

function sentence({ changed, online, plan }: ScaleResult): string {
  if (plan.steps.length === 0) return renderedCount(online, 'already; nothing sent')
  // Somebody else may have done all of it meanwhile.
  const ids = changed.size === 0 ? 'nothing' : `vCPU ${String(changed)}`
  const what = `${plan.to > plan.from ? 'plugged' : 'unplugged'} ${ids}`
  return `${what}; ${renderedCount(online, 'now')}`
}

function renderedCount(count: number, when: string): string {
  return `${count} ${count === 1 ? 'vCPU is' : 'vCPUs are'} plugged ${when}`
}
