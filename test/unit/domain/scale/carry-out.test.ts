import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CpuMap, VcpuError, type Outcome } from '../../../../src/bitmap/index.ts'
import { GuestChangeError } from '../../../../src/domain/change/guest-change-error.ts'
import { RefusedError } from '../../../../src/domain/errors.ts'
import { ScaleError } from '../../../../src/domain/scale/errors.ts'
import { AbortError } from '../../../../src/errors/abort-error.ts'
import { CommandError, TimeoutError } from '../../../../src/errors/peer-errors.ts'
import { collect, failAt, FakeMachine, told } from './fake-machine.ts'

const rejected = new CommandError('device_add', 'GenericError', 'no room')
const notSent = new RefusedError('ERR_REMOVAL_PENDING', 'asked to go', 3)
const unknown = new TimeoutError('no answer', { outcome: 'unknown' })

async function failureOf(machine: FakeMachine, target: number, options = {}): Promise<ScaleError> {
  const error: unknown = await machine.scale(target, options).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof ScaleError) return error
  throw new Error(`it ended with ${String(error)}`)
}

describe('a step that fails', () => {
  test('stops the run, which says exactly what was changed, what failed and what was not tried', async () => {
    const machine = new FakeMachine(2, failAt(4, rejected))
    const error = await failureOf(machine, 7)
    expect(error).toMatchObject({
      name: 'ScaleError',
      code: 'ERR_SCALE_INCOMPLETE',
      outcome: 'partial',
      cause: rejected,
      changed: CpuMap.parse('2-3'),
      rolledBack: CpuMap.empty,
      failed: { id: 4, online: true },
      rest: [{ id: 5 }, { id: 6 }],
      rollbackError: undefined,
      message: 'could not plug vCPU 4: device_add: no room; changed: 2-3; not tried: 5-6',
    })
    expect(machine.asked).toEqual(['+2', '+3', '+4'])
    expect(String(machine.online)).toBe('0-3')
  })

  test.each<[string, unknown, Outcome]>([
    ['rejected', rejected, 'rejected'],
    ['not-sent', notSent, 'not-sent'],
    ['unknown', unknown, 'unknown'],
    ['none', new Error('not of this package'), 'unknown'],
  ])('as the first decides the outcome: %s', async (_, cause, outcome) => {
    const error = await failureOf(new FakeMachine(2, failAt(2, cause)), 4)
    expect(error).toMatchObject({ outcome, changed: CpuMap.empty, cause })
    expect(error.message).toMatch(/; changed: none; (in doubt: 2; )?not tried: 3$/)
    expect(String(error.inDoubt)).toBe(outcome === 'unknown' ? '2' : '')
    expect(Object.isFrozen(error)).toBe(true)
  })

  test('can have been anything, also no error', async () => {
    const error = await failureOf(new FakeMachine(2, failAt(2, 'a text')), 3)
    expect(error.message).toBe('could not plug vCPU 2: a text; changed: none; in doubt: 2; not tried: none')
  })

  test('is told truly wherever it is, up and down', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 8 }),
        fc.nat(),
        fc.boolean(),
        async (from, to, pick, rollback) => {
          fc.pre(from !== to)
          const { steps } = new FakeMachine(from).plan(to)
          const at = pick % steps.length
          const machine = new FakeMachine(from, failAt(steps[at]?.id ?? -1, rejected, to > from))
          const before = machine.online
          const { changed, rolledBack, rest, failed, outcome } = await failureOf(machine, to, { rollback })
          const gone = before.difference(machine.online)
          const come = machine.online.difference(before)
          expect(String(changed)).toBe(String(gone.union(come)))
          expect(changed.size).toBe(rollback ? 0 : at)
          expect(rolledBack.size).toBe(rollback ? at : 0)
          expect([...steps.slice(0, at), failed, ...rest].map(({ id }) => id)).toEqual(steps.map(({ id }) => id))
          expect(outcome).toBe(changed.size > 0 ? 'partial' : 'rejected')
        },
      ),
    )
  })

  test('in the guest only has changed QEMU all the same, unless it was undone', async () => {
    const plugged = [{ step: 'slot-filled', detail: '', atMs: 1 }] as const
    const failure = { code: 'ERR_GUEST_NOT_LISTED', outcome: 'partial', failedStep: 'listed-in-guest' } as const
    const kept = new GuestChangeError('not listed', { ...failure, steps: plugged })
    const run = new FakeMachine(2, failAt(3, kept)).scale(5)
    const { all, error } = await collect(run)
    expect(error).toMatchObject({ outcome: 'partial', changed: CpuMap.parse('2-3') })
    expect(all.at(-1)).toMatchObject({ type: 'failed', changed: CpuMap.of(3), error: kept })
    const undone = new GuestChangeError('not listed', {
      ...failure,
      outcome: 'rejected',
      steps: [...plugged, { step: 'undo', detail: '', atMs: 2 }],
    })
    const other = await failureOf(new FakeMachine(2, failAt(3, undone)), 5)
    expect(other).toMatchObject({ outcome: 'partial', changed: CpuMap.of(2) })
    const stuck = await collect(new FakeMachine(2, failAt(3, kept)).scale(5, { rollback: true }))
    expect(stuck.all.at(-1)).toMatchObject({ type: 'rolled-back', restored: CpuMap.of(2), online: 3 })
    expect(stuck.error).toMatchObject({ outcome: 'partial', changed: CpuMap.of(3), rolledBack: CpuMap.of(2) })
  })
})

describe('a roll-back', () => {
  test('undoes the steps, the last one first, and tells each', async () => {
    const machine = new FakeMachine(2, failAt(4, rejected))
    const { all, error } = await collect(machine.scale(6, { rollback: true }))
    expect(machine.asked).toEqual(['+2', '+3', '+4', '-3', '-2'])
    expect(String(machine.online)).toBe('0-1')
    expect(told(all).slice(-3)).toEqual(['failed 4', 'rolled-back 3', 'rolled-back 2'])
    expect(all.slice(-2)).toMatchObject([
      { restored: CpuMap.of(3), online: 3, index: 1 },
      { restored: CpuMap.of(2), online: 2, index: 0 },
    ])
    expect(error).toMatchObject({
      outcome: 'rejected',
      changed: CpuMap.empty,
      rolledBack: CpuMap.parse('2-3'),
      message: 'could not plug vCPU 4: device_add: no room; changed: none; rolled back: 2-3; not tried: 5',
    })
  })

  test('that does not come to its end says how far it came', async () => {
    const refused = new CommandError('device_del', 'GenericError', 'busy')
    const machine = new FakeMachine(2, (step, options) => {
      failAt(5, unknown)(step, options)
      failAt(3, refused, false)(step, options)
    })
    const { all, error } = await collect(machine.scale(7, { rollback: true }))
    expect(machine.asked).toEqual(['+2', '+3', '+4', '+5', '-4', '-3'])
    expect(told(all).slice(-2)).toEqual(['rolled-back 4', 'rollback-failed 3'])
    expect(error).toMatchObject({
      outcome: 'unknown',
      changed: CpuMap.parse('2-3'),
      inDoubt: CpuMap.of(5),
      rolledBack: CpuMap.of(4),
      rollbackError: refused,
      message:
        'could not plug vCPU 5: no answer; changed: 2-3; in doubt: 5; rolled back: 4; the roll-back stopped: device_del: busy; not tried: 6',
    })
  })

  test.each<[string, unknown, Outcome]>([
    ['has sent something, even if the failed step had not', notSent, 'rejected'],
    ['does not make the failed step any surer', unknown, 'unknown'],
  ])('%s', async (_, cause, outcome) => {
    const error = await failureOf(new FakeMachine(2, failAt(3, cause)), 4, { rollback: true })
    expect(error).toMatchObject({ outcome, changed: CpuMap.empty, rolledBack: CpuMap.of(2) })
  })

  test('leaves alone what somebody else had done', async () => {
    const machine = new FakeMachine(2, failAt(4, rejected))
    const run = machine.scale(5, { rollback: true })
    machine.online = machine.online.union(CpuMap.of(2))
    await expect(run).rejects.toMatchObject({ rolledBack: CpuMap.of(3) })
    expect(machine.asked).toEqual(['+2', '+3', '+4', '-3'])
    expect(String(machine.online)).toBe('0-2')
  })
})

describe('an abort', () => {
  class Stop extends VcpuError {
    override readonly name = 'Stop'

    constructor() {
      super('ERR_STOP', 'stop')
    }
  }

  /** Aborts while the step of `id` is under way; the step itself goes on when `isDeaf`. */
  function abortAt(id: number, reason: unknown, isDeaf: boolean): { machine: FakeMachine; signal: AbortSignal } {
    const controller = new AbortController()
    const machine = new FakeMachine(2, (step) => {
      if (step.id !== id) return
      controller.abort(reason)
      if (!isDeaf) controller.signal.throwIfAborted()
    })
    return { machine, signal: controller.signal }
  }

  test('before the next step begins none, and has the reason as its cause; the run knows what was changed', async () => {
    const reason = new Stop()
    const { machine, signal } = abortAt(3, reason, true)
    const run = machine.scale(6, { signal, rollback: true })
    const { all, error } = await collect(run)
    expect(error).toMatchObject({ name: 'AbortError', code: 'ERR_ABORTED', outcome: 'partial', cause: reason })
    expect(Object.isFrozen(error)).toBe(true)
    expect(reason.outcome).toBeUndefined()
    expect(told(all).at(-1)).toBe('done 3')
    expect(machine.asked).toEqual(['+2', '+3'])
    expect([String(run.changed), String(run.inDoubt)]).toEqual(['2-3', ''])
  })

  test('during a step tells that this step did not end, and that its ids are in doubt', async () => {
    const reason = new Stop()
    const { machine, signal } = abortAt(3, reason, false)
    const run = machine.scale(6, { signal, rollback: true })
    const { all, error } = await collect(run)
    expect(error).toMatchObject({ name: 'AbortError', outcome: 'unknown', cause: reason })
    expect(told(all).at(-1)).toBe('failed 3')
    expect(machine.asked).toEqual(['+2', '+3'])
    expect([String(run.changed), String(run.inDoubt)]).toEqual(['2', '3'])
  })

  test('during a step of which nothing was sent leaves nothing in doubt', async () => {
    const controller = new AbortController()
    const machine = new FakeMachine(2, (step) => {
      if (step.id !== 3) return
      controller.abort('enough')
      throw new AbortError('plug of vCPU 3 was aborted', 'not-sent', 'enough')
    })
    const run = machine.scale(6, { signal: controller.signal })
    await expect(run).rejects.toMatchObject({ name: 'AbortError', outcome: 'partial', cause: 'enough' })
    expect([String(run.changed), String(run.inDoubt)]).toEqual(['2', ''])
  })

  test.each([new Stop(), 'enough'])('before anything was sent says so: %s', async (reason) => {
    const machine = new FakeMachine(2)
    await expect(machine.scale(6, { signal: AbortSignal.abort(reason) })).rejects.toMatchObject({
      name: 'AbortError',
      outcome: 'not-sent',
      cause: reason,
    })
    expect(machine.asked).toEqual([])
  })

  test('does not hide the failure of a step that came before it', async () => {
    const controller = new AbortController()
    const machine = new FakeMachine(2, (step) => {
      if (step.id !== 3) return
      controller.abort()
      throw rejected
    })
    await expect(machine.scale(6, { signal: controller.signal })).rejects.toMatchObject({
      name: 'ScaleError',
      cause: rejected,
    })
  })

  test('during a roll-back does not end it: it has a bound of its own', async () => {
    const controller = new AbortController()
    const machine = new FakeMachine(2, (step, options) => {
      failAt(4, rejected)(step, options)
      if (step.online) return
      controller.abort()
      options.signal?.throwIfAborted()
    })
    const run = machine.scale(6, { signal: controller.signal, rollback: true, timeoutMs: 100, rollbackTimeoutMs: 70 })
    const { all, error } = await collect(run)
    expect(error).toMatchObject({ name: 'ScaleError', outcome: 'rejected', cause: rejected, changed: CpuMap.empty })
    expect(told(all).slice(-2)).toEqual(['rolled-back 3', 'rolled-back 2'])
    expect(machine.options.at(-1)).toMatchObject({ timeoutMs: 70, signal: undefined })
  })
})
