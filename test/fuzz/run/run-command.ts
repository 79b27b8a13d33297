import { rmSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Domain, type DomainOptions } from '../../../src/index.ts'
import type { CliIo } from '../../../src/cli/io.ts'
import { runCli } from '../../../src/cli/main.ts'
import { VERBS } from '../../../src/cli/verbs/index.ts'
import type { Run } from '../plan/operation.ts'
import type { CommandPlan } from '../plan/plan.ts'
import { faultOfRun, type CommandRun } from '../invariants/command.ts'
import type { Arena } from '../subject/arena.ts'
import { layoutOf } from '../subject/layout-of.ts'
import { wishOf } from '../subject/wish-of.ts'
import { Session } from './session.ts'
import type { Verdict } from './verdict.ts'

/** What a run may take in virtual time where it has no time-out of its own: its calls' defaults, for some dozens of steps. */
const DEFAULT_MS = 30_000
const MOST_STEPS = 40
/** A watch that is never interrupted has no end. */
const WATCHED_MS = 3_000
/** When it is, for whoever reads the stream. */
const TIME_OF_DAY = new Date(0)

/** Carry out a plan of runs of the command; `main` is the command, in tests of the harness a wrong one. */
export async function runCommands(plan: CommandPlan, main: typeof runCli = runCli): Promise<Verdict> {
  // Virtual time does not wait for files: what a verb is carried out by is loaded before it starts.
  for (const verb of VERBS) await verb.load()
  const session = new Session(plan)
  for (const run of plan.runs) await runOnce(session, run, main)
  return session.end()
}

async function runOnce(session: Session, run: Run, main: typeof runCli): Promise<void> {
  const { actor, arena } = session
  const { argv, timeoutMs, json, isTerminal, hasAgent } = run
  using file = argv.at(-1) === '--apply' ? layoutFile(arena, run) : undefined
  const [verb = ''] = argv
  const interruptAfterMs = run.interruptAfterMs ?? (verb === 'watch' ? WATCHED_MS : undefined)
  const all = [
    ...argv,
    ...(file === undefined ? [] : [file.path]),
    ...['--qmp', '/memory/qmp.sock'],
    ...(hasAgent ? ['--qga', '/memory/qga.sock'] : []),
    ...(json ? ['--json'] : []),
    ...(timeoutMs === undefined ? [] : ['--timeout', String(timeoutMs)]),
  ]
  const printed: CommandRun = { code: -1, stdout: '', stderr: '' }
  const io = (signal: AbortSignal): CliIo => ({
    stdout: (text) => {
      printed.stdout += text
    },
    stderr: (text) => {
      printed.stderr += text
    },
    env: {},
    isTerminal,
    columns: isTerminal ? 80 : undefined,
    clock: actor.clock,
    timeOfDay: () => TIME_OF_DAY,
    signal,
    connect: (options: DomainOptions) =>
      Domain.connect({
        ...options,
        ...(options.qmp === undefined ? {} : { qmp: arena.dialMonitor }),
        ...(options.qga === undefined ? {} : { qga: arena.dialAgent }),
        trace: actor.trace,
      }),
  })
  const wish = wishOf(arena, argv)
  const mostMs = MOST_STEPS * 2 * (timeoutMs ?? DEFAULT_MS) + (interruptAfterMs ?? 0)
  const linksBefore = arena.ends.length
  const exchange = actor.begin(
    {
      name: `command ${verb}`,
      mostMs,
      wish,
      bounds: { timeoutMs: mostMs, undoMs: mostMs, isAssumed: argv.includes('assumed') },
      abortAfterMs: interruptAfterMs,
      isCommand: true,
    },
    async (signal) => {
      printed.code = await main(all, io(signal))
      return printed
    },
  )
  await session.loading(exchange, linksBefore)
  await session.wait(exchange)
  const fault = faultOfRun(run, printed, exchange, arena.faults.hasLied)
  if (fault !== undefined) session.fault(`${all.join(' ')}: ${fault}`)
}

/** The file that a run is to apply. Written and read at once: virtual time does not wait for it. */
function layoutFile(arena: Arena, { layout = '' }: Run): Disposable & { readonly path: string } {
  const directory = mkdtempSync(join(tmpdir(), 'fuzz-layout-'))
  const path = join(directory, 'layout.json')
  writeFileSync(path, typeof layout === 'string' ? layout : JSON.stringify(layoutOf(arena, layout)))
  return {
    path,
    [Symbol.dispose]: () => {
      rmSync(directory, { recursive: true })
    },
  }
}
