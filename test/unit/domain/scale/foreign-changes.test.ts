import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CpuMap } from '../../../../src/bitmap/index.ts'
import { NotReachableError, ScaleError } from '../../../../src/domain/scale/errors.ts'
import { CommandError, TimeoutError } from '../../../../src/errors/peer-errors.ts'
import { collect, failAt, FakeMachine, told } from './fake-machine.ts'

describe('what others change during a run', () => {
  test('counts: a slot that somebody has filled need not be filled', async () => {
    const machine = new FakeMachine(2, ({ id }) => {
      if (id === 2) machine.online = machine.online.union(CpuMap.of(6))
    })
    await expect(machine.scale(4)).resolves.toMatchObject({ changed: CpuMap.of(2), online: 3 + 1 })
    expect(machine.asked).toEqual(['+2'])
    expect(String(machine.online)).toBe('0-2,6')
  })

  test('is made up for, in steps that the first plan does not have', async () => {
    const machine = new FakeMachine(2, ({ id }) => {
      if (id === 3) machine.online = machine.online.difference(CpuMap.of(2))
    })
    const run = machine.scale(4)
    const { all } = await collect(run)
    expect(told(all)).toEqual(['planned', 'started 2', 'done 2', 'started 3', 'done 3', 'started 2', 'done 2'])
    expect(all.at(-1)).toMatchObject({ index: 2, total: 3, online: 4 })
    await expect(run).resolves.toMatchObject({
      changed: CpuMap.parse('2-3'),
      online: 4,
      plan: { steps: { length: 2 } },
    })
  })

  test('ends a run that comes no nearer, with an error that says so', async () => {
    const machine = new FakeMachine(2)
    machine.onLook = (nth) => {
      if (nth > 0) machine.online = CpuMap.range(0, 1)
    }
    await expect(machine.scale(4)).rejects.toMatchObject({
      name: 'ScaleError',
      outcome: 'rejected',
      changed: CpuMap.empty,
      message: /^another client is changing the count too/,
    })
    expect(machine.asked).toEqual(['+2', '+2', '+2'])
  })

  test('a map of vCPUs: what is undone is done again, what is done already is left', async () => {
    const machine = new FakeMachine(2, ({ id }) => {
      if (id === 4) machine.online = machine.online.difference(CpuMap.of(3)).union(CpuMap.of(6))
    })
    await expect(machine.setStates(CpuMap.parse('3-4,6'), true)).resolves.toMatchObject({
      changed: CpuMap.parse('3-4'),
      online: 5,
    })
    expect(machine.asked).toEqual(['+3', '+4', '+3'])
  })

  test('a slot that is lost by the end is not told as changed', async () => {
    const machine = new FakeMachine(2, failAt(4, new CommandError('device_add', 'GenericError', 'no room')))
    machine.onLook = (nth) => {
      if (nth === 3) machine.online = machine.online.difference(CpuMap.of(2))
    }
    await expect(machine.scale(6)).rejects.toMatchObject({ outcome: 'partial', changed: CpuMap.of(3) })
  })

  test('an unplug that is in doubt is settled by the last look', async () => {
    const late = new TimeoutError('no answer', { outcome: 'unknown' })
    const open = await collect(new FakeMachine(4, failAt(3, late)).scale(2))
    expect(open.error).toMatchObject({ outcome: 'unknown', changed: CpuMap.empty, inDoubt: CpuMap.of(3) })
    const machine = new FakeMachine(4, failAt(3, late))
    machine.onLook = (nth) => {
      if (nth === 1) machine.online = machine.online.difference(CpuMap.of(3))
    }
    await expect(machine.scale(2)).rejects.toMatchObject({
      outcome: 'partial',
      changed: CpuMap.of(3),
      inDoubt: CpuMap.empty,
    })
  })

  test('a last look that fails leaves the state unknown', async () => {
    const machine = new FakeMachine(2, failAt(3, new CommandError('device_add', 'GenericError', 'no room')))
    machine.onLook = (nth) => {
      if (nth === 2) throw new Error('gone')
    }
    await expect(machine.scale(5)).rejects.toMatchObject({ outcome: 'unknown', changed: CpuMap.of(2) })
  })

  test('whatever it is, the result is true, or the error is', async () => {
    const foreign = fc.array(fc.record({ id: fc.integer({ min: 1, max: 7 }), at: fc.nat(12), online: fc.boolean() }))
    const count = fc.integer({ min: 1, max: 8 })
    await fc.assert(
      fc.asyncProperty(count, count, foreign, fc.nat(9), fc.boolean(), async (from, target, changes, bad, rollback) => {
        const machine = new FakeMachine(from, failAt(bad, new CommandError('device_add', 'GenericError', 'no room')))
        const touched = new Set<number>()
        machine.onLook = (nth) => {
          for (const { id, at, online } of changes) {
            if (at !== nth) continue
            touched.add(id)
            machine.online = online ? machine.online.union(CpuMap.of(id)) : machine.online.difference(CpuMap.of(id))
          }
        }
        const before = machine.online
        const run = machine.scale(target, { rollback })
        const { error } = await collect(run)
        const differs = (id: number): boolean => before.has(id) !== machine.online.has(id)
        const { changed } = run
        // What only this run can have changed is exactly what it says; the rest it says only where it is so.
        for (let id = 0; id < 8; id++) if (!touched.has(id)) expect([id, changed.has(id)]).toEqual([id, differs(id)])
        if (error === undefined) {
          expect(machine.online.size).toBe(target)
          await expect(run).resolves.toMatchObject({ online: target, changed })
          return
        }
        if (error instanceof NotReachableError) {
          expect(machine.asked).toEqual([])
          return
        }
        expect(error).toBeInstanceOf(ScaleError)
        if (!(error instanceof ScaleError)) return
        expect(Object.isFrozen(error)).toBe(true)
        expect(error.inDoubt.size).toBe(0)
        expect(error.outcome).toBe(changed.size > 0 ? 'partial' : 'rejected')
        expect(String(error.changed)).toBe(String(changed))
        expect(error.rolledBack.intersection(changed).size).toBe(0)
      }),
      { numRuns: 400 },
    )
  })
})
