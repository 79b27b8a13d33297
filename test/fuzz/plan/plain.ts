import type { LinkFault } from './fault.ts'
import type { ChangeHow, Execute, Move, Operation, Run, Step } from './operation.ts'
import type { ClientPlan, CommandPlan, DomainPlan, Ground, WatchPlan } from './plan.ts'

// Plans as tests write them: what is not named is as usual.

const GROUND: Ground = {
  beginning: {
    machine: { kind: 'x86', bootVcpus: 2, maxcpus: 8 },
    seed: 1,
    readsFiles: true,
    reconnect: 'on-demand',
    autoOnline: false,
  },
  onPlug: 'accept',
  onUnplug: 'remove',
  faults: [],
}

/** How a change is asked for where nothing else is said. */
export const PLAINLY: ChangeHow = { guest: false, rollback: false, wholeSlot: true, leastConfidence: 'observed' }

/** One call after the other. */
export function domainPlan(operations: readonly Operation[], other: Partial<DomainPlan> = {}): DomainPlan {
  const steps = operations.map((operation): Step => ({ do: operation, timeoutMs: 2_000, isBeside: false }))
  return {
    ...GROUND,
    subject: 'domain',
    hasAgent: true,
    endpoint: 'dial',
    connectTimeoutMs: 1_000,
    steps,
    ...other,
  }
}

/** One run of the command. */
export function commandPlan(
  argv: readonly string[],
  run: Partial<Run> = {},
  faults: readonly LinkFault[] = [],
): CommandPlan {
  const runs = [{ argv, json: true, isTerminal: false, hasAgent: true, ...run }]
  return { ...GROUND, subject: 'command', runs, faults }
}

/** Keys at the terminal of `watch`, each read a second after the last. */
export function watchPlan(keys: readonly string[], faults: readonly LinkFault[] = []): WatchPlan {
  const moves = keys.map((input): Move => ({ do: 'press', input, afterMs: 1_000 }))
  const size = { columns: 80, rows: 24 }
  return { ...GROUND, subject: 'watch', hasAgent: true, share: false, size, moves, interruptAfterMs: 5_000, faults }
}

/** Commands on a client. */
export function clientPlan(
  subject: ClientPlan['subject'],
  commands: readonly string[],
  faults: readonly LinkFault[] = [],
): ClientPlan {
  const executes = commands.map((command): Execute => ({ command, timeoutMs: 1_000, isBeside: false }))
  return { ...GROUND, subject, connectTimeoutMs: 1_000, oob: false, executes, faults }
}
