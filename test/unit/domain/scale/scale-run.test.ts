import { describe, expect, test } from 'vitest'
import { CpuMap, InputError } from '../../../../src/bitmap/index.ts'
import { TimeoutError } from '../../../../src/errors/peer-errors.ts'
import { collect, failAt, FakeMachine, told } from './fake-machine.ts'

describe('a run that ends well', () => {
  test('resolves with what was changed, whether anybody looked or not', async () => {
    const machine = new FakeMachine(2)
    const plan = machine.plan(5)
    const result = await machine.scale(5)
    expect(result).toEqual({ changed: CpuMap.parse('2-4'), outcome: 'done', online: 5, plan })
    expect(machine.asked).toEqual(['+2', '+3', '+4'])
    expect(String(machine.online)).toBe('0-4')
  })

  test('tells each step as it begins and ends', async () => {
    const run = new FakeMachine(4).scale(2)
    const { all, error } = await collect(run)
    expect(error).toBeUndefined()
    expect(told(all)).toEqual(['planned', 'started 3', 'done 3', 'started 2', 'done 2'])
    expect(all[2]).toMatchObject({ index: 0, total: 2, changed: CpuMap.of(3), online: 3 })
    expect(all[4]).toMatchObject({ index: 1, total: 2, changed: CpuMap.of(2), online: 2 })
    await expect(run).resolves.toMatchObject({ online: 2 })
  })

  test('tells everything again to who comes late, and to several at once', async () => {
    const run = new FakeMachine(2).scale(4)
    const [first, second] = await Promise.all([collect(run), collect(run)])
    await run
    const late = await collect(run)
    expect(told(first.all)).toEqual(['planned', 'started 2', 'done 2', 'started 3', 'done 3'])
    expect(second).toEqual(first)
    expect(late).toEqual(first)
  })

  test('tells it while it happens', async () => {
    let go = (): void => undefined
    const gate = new Promise<void>((resolve) => {
      go = resolve
    })
    const machine = new FakeMachine(2, () => gate)
    const seen: string[] = []
    for await (const progress of machine.scale(3)) {
      seen.push(progress.type)
      if (progress.type === 'started') {
        expect(String(machine.online)).toBe('0-1')
        go()
      }
    }
    expect(seen).toEqual(['planned', 'started', 'done'])
  })

  test('goes on when its reader leaves', async () => {
    const machine = new FakeMachine(2)
    const run = machine.scale(6)
    for await (const progress of run) if (progress.type === 'started') break
    await expect(run).resolves.toMatchObject({ online: 6 })
    expect(machine.asked).toHaveLength(4)
  })

  test('counts a step that somebody else had done by then, and does not call it changed', async () => {
    const machine = new FakeMachine(2)
    const run = machine.scale(4)
    machine.online = machine.online.union(CpuMap.of(2))
    await expect(run).resolves.toMatchObject({ changed: CpuMap.of(3), online: 4 })
  })

  test('has nothing to send when nothing is to be done', async () => {
    const machine = new FakeMachine(2)
    const run = machine.scale(2)
    expect(told((await collect(run)).all)).toEqual(['planned'])
    await expect(run).resolves.toMatchObject({ changed: CpuMap.empty, outcome: 'done', online: 2 })
    expect(machine.asked).toEqual([])
  })

  test('hands its options to each step, which moves the whole slot', async () => {
    const machine = new FakeMachine(2)
    const { signal } = new AbortController()
    const options = { signal, timeoutMs: 250, guest: true, rollback: true } as const
    await machine.scale(4, options)
    expect(machine.options).toEqual([
      { ...options, wholeSlot: true, onStep: expect.any(Function) as unknown },
      { ...options, wholeSlot: true, onStep: expect.any(Function) as unknown },
    ])
  })

  test('an abort in the guest’s part of a step does not hide that QEMU’s part is done', async () => {
    const abort = new AbortController()
    const reason = new Error('enough')
    const run = new FakeMachine(2, (step, { onStep }) => {
      if (step.id !== 3) return
      onStep?.({ step: 'slot-filled', detail: '', atMs: 1 })
      abort.abort(reason)
      throw reason
    }).scale(5, { signal: abort.signal })
    await expect(run).rejects.toMatchObject({ name: 'AbortError', outcome: 'unknown', cause: reason })
    expect([String(run.changed), String(run.inDoubt)]).toEqual(['2-3', '3'])
  })
})

describe('a run that fails', () => {
  test('before it has a plan has sent nothing, tells no progress, and throws into the loop as well', async () => {
    const refused = new InputError('ERR_COUNT', 'no')
    const machine = new FakeMachine(2)
    machine.onLook = () => {
      throw refused
    }
    const run = machine.scale(3)
    const { all, error } = await collect(run)
    expect(all).toEqual([])
    expect(error).toMatchObject({ name: 'InputError', code: 'ERR_COUNT', message: 'no', outcome: 'not-sent' })
    expect(Object.isFrozen(error)).toBe(true)
    await expect(run).rejects.toBe(error)
  })

  test('before it has a plan says so, whatever its reading says of itself', async () => {
    const machine = new FakeMachine(2)
    const unread = new TimeoutError('no answer', { outcome: 'unknown' })
    machine.onLook = () => {
      throw unread
    }
    expect((await collect(machine.scale(3))).error).toMatchObject({ name: 'TimeoutError', outcome: 'not-sent' })
    expect(unread.outcome).toBe('unknown')
  })

  test('in the middle throws the same into the loop, at its end', async () => {
    const run = new FakeMachine(2, failAt(3, new Error('broken'))).scale(5)
    const { all, error } = await collect(run)
    expect(told(all)).toEqual(['planned', 'started 2', 'done 2', 'started 3', 'failed 3'])
    expect(error).toMatchObject({ name: 'ScaleError' })
    await expect(run).rejects.toBe(error)
  })

  test.each(['only iterated', 'left alone'])('raises nothing when it is %s', async (how) => {
    const raised: unknown[] = []
    const onRaised = (error: unknown): void => {
      raised.push(error)
    }
    process.on('unhandledRejection', onRaised)
    try {
      const machine = new FakeMachine(2, failAt(2, new Error('broken')))
      const run = machine.scale(5)
      if (how === 'only iterated') await collect(run)
      // Node raises what nobody has caught once the microtasks are done, before it turns to the next immediate.
      await new Promise((resolve) => setImmediate(resolve))
      await new Promise((resolve) => setImmediate(resolve))
      expect(machine.asked).toEqual(['+2'])
      expect(raised).toEqual([])
    } finally {
      process.off('unhandledRejection', onRaised)
    }
  })
})
