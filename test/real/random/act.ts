import { getEventListeners } from 'node:events'
import { CpuMap, VcpuError, type CallOptions, type Domain, type Outcome } from '../../../src/index.ts'
import type { Controller } from './controller.ts'
import { rawPlug, rawUnplug } from './raw-client.ts'
import type { Op } from './step.ts'
import type { SentCommand } from './wire-log.ts'
import { pathOf, type World } from './world.ts'

/** How a call ended, and what its Domain had sent for it. */
export interface Ended {
  readonly op: Op
  /** `failed`: a reading, which changes nothing. */
  readonly outcome: Outcome | 'done' | 'failed'
  /** Where it is done: the ids that it says it changed. */
  readonly changed: CpuMap
  /** `ScaleError`: what may still change, and what was brought back. */
  readonly inDoubt: CpuMap
  readonly rolledBack: CpuMap
  readonly error: VcpuError | undefined
  readonly sent: readonly SentCommand[]
}

/** Against a hang: no call may need so long, whatever happens to it. */
const FENCE_MS = 150_000

/** Make one call and wait for its end. Every way in which a Domain's call ends is an answer; only a raw client's throws. */
export async function act(world: World, op: Op): Promise<Ended> {
  if (op.by === 'raw') return actRaw(world, op)
  const controller = world.controllers[op.by]
  const signal = op.abortAfterLines === undefined ? undefined : abortAfter(controller.log, op.abortAfterLines)
  const { error, changed, inDoubt, rolledBack } = await fenced(
    op,
    call(controller, op, signal).then(
      (done): Result => ({ error: undefined, changed: done.changed, inDoubt: CpuMap.empty, rolledBack: CpuMap.empty }),
      (reason: unknown): Result => ({ error: vcpuError(op, reason), ...accountOf(reason) }),
    ),
  )
  const isReading = op.call === 'read'
  if (error !== undefined && error.outcome === undefined && !isReading)
    throw new Error(`no outcome on ${error.name}`, { cause: error })
  if (signal !== undefined && getEventListeners(signal, 'abort').length > 0) {
    throw new Error(`${JSON.stringify(op)} left listeners on its signal`)
  }
  const { sent } = controller.log
  for (const { execute, target, answer } of sent) {
    // QEMU may have it all the same: the connection was cut, or QEMU does not run.
    if (execute === 'device_del' && answer === undefined && target !== undefined) world.asked.add(pathOf(target))
  }
  const outcome = error === undefined ? 'done' : isReading ? 'failed' : (error.outcome ?? 'unknown')
  return { op, outcome, changed, inDoubt, rolledBack, error, sent }
}

interface Result {
  readonly error: VcpuError | undefined
  readonly changed: CpuMap
  readonly inDoubt: CpuMap
  readonly rolledBack: CpuMap
}

async function call(
  { domain }: Controller,
  op: Exclude<Op, { by: 'raw' }>,
  signal: AbortSignal | undefined,
): Promise<{ readonly changed: CpuMap }> {
  const options: CallOptions = { signal, timeoutMs: op.timeoutMs }
  switch (op.call) {
    case 'set':
      return domain.setVcpuState(op.id, op.on, { ...options, guest: op.guest, rollback: op.rollback })
    case 'guest-set':
      return domain.setGuestVcpuState(op.guestId, op.on, options)
    case 'scale':
      return domain.scale(op.count, { ...options, guest: op.guest, rollback: op.rollback })
    case 'read':
      await read(domain, op.what, options)
      return { changed: CpuMap.empty }
    case 'states':
      return domain.setVcpuStates(CpuMap.parse(op.ids), op.on, { ...options, guest: op.guest, rollback: op.rollback })
  }
}

function read(domain: Domain, what: 'maps' | 'vcpus' | 'doctor', options: CallOptions): Promise<unknown> {
  if (what === 'maps') return domain.getVcpuMaps(options)
  return what === 'vcpus' ? domain.vcpus(options) : domain.doctor(options)
}

/** A signal that aborts as soon as so many lines more have left. */
function abortAfter(log: Controller['log'], lines: number): AbortSignal {
  const controller = new AbortController()
  if (lines === 0) controller.abort(new Error('the caller lost patience'))
  let left = lines
  const before = log.onLine
  log.onLine = () => {
    before()
    if (--left === 0) controller.abort(new Error('the caller lost patience'))
  }
  return controller.signal
}

async function actRaw(world: World, op: Extract<Op, { by: 'raw' }>): Promise<Ended> {
  const { guest, slots, truth } = world
  const nothing = { changed: CpuMap.empty, inDoubt: CpuMap.empty, rolledBack: CpuMap.empty, error: undefined, sent: [] }
  if (op.call === 'device_add') {
    const slot = slots[op.id]
    if (slot === undefined) throw new Error(`no slot ${op.id}`)
    const isTaken = await rawPlug(guest, slot)
    if (isTaken) world.rawPlugs++
    return { op, outcome: isTaken ? 'done' : 'rejected', ...nothing }
  }
  const path = truth.get(op.id)?.path
  const isTaken = path !== undefined && (await rawUnplug(guest, path))
  if (isTaken) world.noteAsked(path)
  return { op, outcome: isTaken ? 'done' : 'rejected', ...nothing }
}

function accountOf(reason: unknown): Omit<Result, 'error'> {
  const map = (name: string): CpuMap => {
    const value: unknown = typeof reason === 'object' && reason !== null ? Reflect.get(reason, name) : undefined
    return value instanceof CpuMap ? value : CpuMap.empty
  }
  return { changed: map('changed'), inDoubt: map('inDoubt'), rolledBack: map('rolledBack') }
}

function vcpuError(op: Op, reason: unknown): VcpuError {
  if (reason instanceof VcpuError) return reason
  throw new Error(`${JSON.stringify(op)} rejected with something other than a VcpuError`, { cause: reason })
}

async function fenced<T>(op: Op, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined = undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`${JSON.stringify(op)} has not ended after ${FENCE_MS} ms`))
    }, FENCE_MS)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
