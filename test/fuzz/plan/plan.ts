import fc from 'fast-check'
import type { OnPlug, OnUnplug, SimulatedVmOptions } from '../../../src/testing/index.ts'
import type { Beginning } from '../../stories/domain-over-simulated-vm/stage.ts'
import { beginnings } from '../../stories/domain-over-simulated-vm/beginnings.ts'
import type { WireLimits } from '../../../src/wire/limits.ts'
import type { LinkFault } from './fault.ts'
import { agentLimits, limits, monitorLimits, type PlanLimits } from './limits.ts'
import { linkFaults } from './mishaps.ts'
import { moves, sizes } from './moves.ts'
import type { Execute, Move, Run, Step } from './operation.ts'
import { agentExecutes, monitorExecutes, runs, steps } from './operations.ts'

/** The VM of a plan, and what goes wrong on the way to it. */
export interface Ground {
  readonly beginning: Beginning
  readonly onPlug: OnPlug
  readonly onUnplug: OnUnplug
  readonly faults: readonly LinkFault[]
}

/** Calls of a Domain, in memory and virtual time, or over UNIX sockets. */
export interface DomainPlan extends Ground {
  readonly subject: 'domain' | 'sockets'
  readonly hasAgent: boolean
  /** Something to dial, connected Duplexes, or clients of the caller's own. */
  readonly endpoint: 'dial' | 'connected' | 'client'
  readonly limits?: PlanLimits | undefined
  readonly connectTimeoutMs: number
  readonly steps: readonly Step[]
}

/** Runs of the command. */
export interface CommandPlan extends Ground {
  readonly subject: 'command'
  readonly runs: readonly Run[]
}

/** Commands on a client of one protocol. */
export interface ClientPlan extends Ground {
  readonly subject: 'monitor' | 'agent'
  readonly connectTimeoutMs: number
  readonly oob: boolean
  readonly limits?: Partial<WireLimits> | undefined
  readonly executes: readonly Execute[]
}

/** A person at the terminal of `watch`. */
export interface WatchPlan extends Ground {
  readonly subject: 'watch'
  readonly hasAgent: boolean
  readonly share: boolean
  readonly timeoutMs?: number | undefined
  readonly size: { readonly columns: number; readonly rows: number }
  readonly moves: readonly Move[]
  /** How long after the last move it is interrupted, where it goes on. */
  readonly interruptAfterMs: number
}

/** A whole plan: JSON says all of it, so that it can be run again. */
export type Plan = DomainPlan | CommandPlan | ClientPlan | WatchPlan

const otherMachine: fc.Arbitrary<SimulatedVmOptions['machine']> = fc.constantFrom(
  { kind: 's390x', bootVcpus: 2, maxcpus: 6 },
  { kind: 'loongarch64', bootVcpus: 2, maxcpus: 6 },
  { kind: 'no-hotplug', bootVcpus: 2, maxcpus: 2 },
  { kind: 'x86', bootVcpus: 1, maxcpus: 1 },
  { kind: 'x86', bootVcpus: 1, maxcpus: 120, sockets: 2, cores: 30, threads: 2 },
)

const beginning = fc.oneof(
  { weight: 9, arbitrary: beginnings },
  { weight: 1, arbitrary: fc.tuple(beginnings, otherMachine).map(([one, machine]) => ({ ...one, machine })) },
)
const onPlug = fc.constantFrom<OnPlug>('accept', 'accept', 'accept', 'accept', 'pretend', 'refuse', 'ignore')
const onUnplug = fc.constantFrom<OnUnplug>('remove', 'remove', 'remove', 'remove', 'refuse', 'ignore')

const connectTimeoutMs = fc.constantFrom(50, 1_000, 5_000)

function together<T>(
  rest: fc.Arbitrary<T>,
  links: readonly LinkFault['link'][] = ['qmp', 'qmp', 'qga'],
): fc.Arbitrary<Ground & T> {
  const ground = fc.record({ beginning, onPlug, onUnplug, faults: linkFaults(...links) })
  return fc.tuple(ground, rest).map(([first, second]) => ({ ...first, ...second }))
}

function domainPlans(subject: 'domain' | 'sockets'): fc.Arbitrary<DomainPlan> {
  return together(
    fc.record({
      subject: fc.constant(subject),
      hasAgent: fc.constantFrom(true, true, true, false),
      endpoint: fc.constantFrom('dial', 'dial', 'dial', 'connected', 'client'),
      limits,
      connectTimeoutMs,
      steps,
    }),
  )
}

/** Plans of every subject, by its name. */
export const plans: Readonly<Record<Plan['subject'], fc.Arbitrary<Plan>>> = {
  domain: domainPlans('domain'),
  sockets: domainPlans('sockets'),
  command: together(fc.record({ subject: fc.constant('command' as const), runs })),
  watch: together(
    fc.record({
      subject: fc.constant('watch' as const),
      hasAgent: fc.constantFrom(true, true, true, false),
      share: fc.constantFrom(false, false, false, true),
      timeoutMs: fc.constantFrom(undefined, undefined, 60, 600, 5_000),
      size: sizes,
      moves,
      interruptAfterMs: fc.constantFrom(0, 20, 1_500, 40_000),
    }),
  ),
  monitor: together(
    fc.record({
      subject: fc.constant('monitor' as const),
      connectTimeoutMs,
      oob: fc.boolean(),
      executes: monitorExecutes,
      limits: fc.oneof(fc.constant(undefined), monitorLimits),
    }),
    ['qmp'],
  ),
  agent: together(
    fc.record({
      subject: fc.constant('agent' as const),
      connectTimeoutMs,
      oob: fc.constant(false),
      executes: agentExecutes,
      limits: fc.oneof(fc.constant(undefined), agentLimits),
    }),
    ['qga'],
  ),
}
