import { Domain, type DomainOptions } from '../../../src/index.ts'
import type { CliIo } from '../../../src/cli/io.ts'
import { runCli } from '../../../src/cli/main.ts'
import { VERBS } from '../../../src/cli/verbs/index.ts'
import { Confirmed } from '../invariants/confirmed.ts'
import { faultOfLines } from '../invariants/text.ts'
import type { Move } from '../plan/operation.ts'
import type { WatchPlan } from '../plan/plan.ts'
import { Seat } from '../subject/seat.ts'
import { act } from './act.ts'
import { Session } from './session.ts'
import type { Verdict } from './verdict.ts'

/** What may be left to do once it was interrupted: nothing that waits. */
const END_MS = 50
/** When it is. */
const TIME_OF_DAY = new Date(0)

/** Carry out a plan of keys at the terminal of `watch`; `main` is the command, in tests of the harness a wrong one. */
export async function runWatch(plan: WatchPlan, main: typeof runCli = runCli): Promise<Verdict> {
  // Virtual time does not wait for files.
  for (const verb of VERBS) await verb.load()
  const session = new Session(plan)
  const { actor, arena } = session
  const { hasAgent, share, timeoutMs, moves, interruptAfterMs } = plan
  const seat = new Seat(plan.size)
  const confirmed = new Confirmed(arena, seat.confirmed)
  actor.onUncalled = (command, args) => {
    session.fault(confirmed.faultOf(command, args))
  }
  let told = ''
  const io = (signal: AbortSignal): CliIo => ({
    stdout: seat.write,
    stderr: (text) => {
      told += text
    },
    env: {},
    isTerminal: true,
    get columns() {
      return seat.columns
    },
    get rows() {
      return seat.rows
    },
    holdTerminal: seat.hold,
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
  const argv = [
    'watch',
    ...['--qmp', '/memory/qmp.sock'],
    ...(hasAgent ? ['--qga', '/memory/qga.sock'] : []),
    ...(share ? ['--share'] : []),
    ...(timeoutMs === undefined ? [] : ['--timeout', String(timeoutMs)]),
  ]
  const abortAfterMs = moves.reduce((sum, { afterMs }) => sum + afterMs, interruptAfterMs)
  const options = { name: 'watch keys', mostMs: abortAfterMs + END_MS, abortAfterMs, isCommand: true }
  const exchange = actor.begin(options, (signal) => main(argv, io(signal)))
  await session.loading(exchange)
  for (const move of moves) {
    await arena.pass(move.afterMs)
    make(move, seat, session)
  }
  seat.resume()
  await session.wait(exchange)
  seat.end()
  for (const fault of [...seat.faults, faultOfLines('stderr', told, true)]) session.fault(fault)
  const { end } = exchange
  if (end?.state === 'failed') session.fault(`it rejected with ${String(end.error)}`)
  else if (end !== undefined && !([0, 1, 3, 4] as unknown[]).includes(end.value))
    session.fault(`its exit code is ${String(end.value)}: ${told}`)
  actor.closedAtMs ??= arena.clock.now()
  return session.end()
}

function make(move: Move, seat: Seat, session: Session): void {
  switch (move.do) {
    case 'press':
      seat.press(move.input)
      return
    case 'resize':
      seat.resize(move.columns, move.rows)
      return
    case 'suspend':
      seat.suspend()
      return
    case 'resume':
      seat.resume()
      return
    case 'act':
      act(session, move)
  }
}
