import { VcpuError, type CallOptions } from '../../../src/index.ts'
import { TIMEOUT_MS, type Ended } from './ended.ts'
import type { Fault } from './faults.ts'
import { judge, judgeAfterwards } from './judge.ts'
import { ID, type Operation } from './operations.ts'
import { Stage } from './stage.ts'

const SEED = 7

/** How one cell of the table went. */
export interface CellResult {
  readonly outcome: Ended['outcome']
  readonly code: string | undefined
  /** What is not as the rules have it. */
  readonly wrong: readonly string[]
}

/** How many lines and answers go by when nothing is in the way: each is a moment at which a fault can strike. */
export async function measure(operation: Operation): Promise<number> {
  const stage = await Stage.open(SEED, operation.begin)
  stage.wire.entries = 0
  const ended = await makeCall(stage, operation)
  const { entries } = stage.wire
  await stage.domain.close()
  if (ended.outcome !== 'done' || !operation.isWanted(stage.state())) {
    throw new Error(`${operation.name} is ${ended.outcome} where nothing is in its way`, { cause: ended.error })
  }
  return entries
}

/**
 * Make a call with a fault in it, make the fault good, and see that the next calls work.
 *
 * @param moment - 0: before the call; n: as its nth line leaves, or its nth answer comes; more than there are: after it
 */
export async function carryOut(operation: Operation, fault: Fault, moment: number): Promise<CellResult> {
  const stage = await Stage.open(SEED, operation.begin)
  stage.wire.entries = 0
  const struck: { heal?: () => void; atMs?: number } = {}
  const strike = (): void => {
    if (struck.heal !== undefined) return
    struck.heal = () => undefined
    struck.atMs = stage.clock.now()
    struck.heal = fault.strike(stage)
  }
  if (moment === 0) strike()
  const ended = await makeCall(stage, operation, () => {
    if (stage.wire.entries === moment) strike()
    return struck.atMs
  })
  strike()
  const wrong = judge(stage, operation, fault, ended)
  const text = textOf(ended.error)
  struck.heal?.()
  await stage.settle()
  if (textOf(ended.error) !== text) wrong.push('its error was rewritten')
  wrong.push(...(await judgeAfterwards(stage, operation, fault, (options) => retry(stage, operation, options))))
  const code = ended.error instanceof VcpuError ? ended.error.code : undefined
  return { outcome: ended.outcome, code, wrong }
}

async function makeCall(
  stage: Stage,
  operation: Operation,
  onEntry: () => number | undefined = () => undefined,
  options: CallOptions = { timeoutMs: TIMEOUT_MS, signal: stage.caller.signal },
): Promise<Ended> {
  const { wire, clock } = stage
  const before = wire.sent.length
  const startMs = clock.now()
  let sawWanted = false
  stage.watch = () => {
    sawWanted ||= operation.isWanted(stage.state())
  }
  stage.watch()
  wire.onEntry = () => {
    onEntry()
    stage.watch()
  }
  const call = Promise.resolve(operation.call(stage.domain, options, stage))
  const end = await clock.run(
    call.then(
      (value) => ({ value, error: undefined }),
      (error: unknown) => ({ value: undefined, error }),
    ),
  )
  stage.watch()
  const strikeMs = onEntry()
  wire.onEntry = () => undefined
  stage.watch = () => undefined
  const now = clock.now()
  return {
    ...end,
    outcome: outcomeOf(operation, end.error),
    tookMs: now - startMs,
    sinceStrikeMs: strikeMs === undefined ? undefined : now - strikeMs,
    sawWanted,
    sent: wire.sent.slice(before),
  }
}

/**
 * The same once more. Where the vCPU has gone with its QEMU it is plugged first, and where the guest refused to take it, unplugged.
 */
async function retry(stage: Stage, operation: Operation, options: CallOptions): Promise<Ended> {
  if (operation.name.includes('guest') && !stage.state().plugged.includes(ID) && operation.begin.plugged.includes(ID)) {
    await stage.clock.run(stage.domain.setVcpuState(ID, true, { ...options, guest: true }))
  }
  // What was to be undone, and could not be by then, is asked for again: until it has gone nothing can be plugged there.
  for (const id of stage.domain.pendingRemovals()) {
    await stage.clock.run(stage.domain.setVcpuState(id, false, options))
  }
  const surplus = stage.vm
    .truth()
    .slots.flatMap(({ device, vcpus }) =>
      device === undefined ? [] : vcpus.filter(({ guest }) => guest === undefined).map(({ id }) => id),
    )
  for (const id of surplus) await stage.clock.run(stage.domain.setVcpuState(id, false, options))
  return makeCall(stage, operation, undefined, options)
}

function outcomeOf({ kind }: Operation, error: unknown): Ended['outcome'] {
  if (error === undefined) return 'done'
  if (kind === 'reading') return 'failed'
  return (error instanceof VcpuError ? error.outcome : undefined) ?? 'unknown'
}

function textOf(error: unknown): string {
  return error instanceof VcpuError ? JSON.stringify([error.name, error.message, error.outcome, error]) : ''
}
