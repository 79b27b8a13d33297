import type { Plan } from '../plan/plan.ts'
import { runClient } from './run-client.ts'
import { runCommands } from './run-command.ts'
import { runDomain } from './run-domain.ts'
import { runOnSockets } from './run-on-sockets.ts'
import { runWatch } from './run-watch.ts'
import type { Verdict } from './verdict.ts'

/** How many plans of a subject there are beside those of the others. */
export const SHARES: Readonly<Record<Plan['subject'], number>> = {
  domain: 20,
  command: 10,
  watch: 10,
  monitor: 6,
  agent: 6,
  sockets: 1,
}

/** Carry out a plan, whatever its subject is. */
export function runPlan(plan: Plan): Promise<Verdict> {
  switch (plan.subject) {
    case 'domain':
      return runDomain(plan)
    case 'sockets':
      return runOnSockets(plan)
    case 'command':
      return runCommands(plan)
    case 'watch':
      return runWatch(plan)
    case 'monitor':
    case 'agent':
      return runClient(plan)
  }
}
