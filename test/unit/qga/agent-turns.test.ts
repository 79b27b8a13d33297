import { expect, test } from 'vitest'
import { AgentTurns, MAX_AHEAD_BYTES, type TurnClaim } from '../../../src/qga/agent-turns.ts'
import { Deadline } from '../../../src/wire/deadline.ts'
import { ManualClock, settled } from '../../support/manual-clock.ts'

function setUp() {
  const clock = new ManualClock()
  let mayShare = true
  const turns = new AgentTurns(() => mayShare, clock)
  const running: string[] = []
  const ends = new Map<string, () => void>()
  const run = (name: string, claim: Partial<TurnClaim> = {}, timeoutMs = 1_000, signal?: AbortSignal) => {
    const deadline = new Deadline({ timeoutMs, signal }, 1, clock)
    return turns.run(deadline, name, { ahead: true, bytes: 1, ...claim }, async () => {
      running.push(name)
      await new Promise<void>((resolve) => ends.set(name, resolve))
      return name
    })
  }
  const end = async (name: string) => {
    ends.get(name)?.()
    await settled()
  }
  return { clock, turns, running, run, end, share: (value: boolean) => (mayShare = value) }
}

test('the first may always begin, and is followed by those of its kind', async () => {
  const { turns, running, run, end } = setUp()
  const all = [run('a'), run('b'), run('c', { ahead: false }), run('d')]
  await settled()
  expect(running).toEqual(['a', 'b'])
  expect(turns.length).toBe(4)
  await end('a')
  expect(running).toEqual(['a', 'b'])
  await end('b')
  // Alone, though the next could be sent ahead.
  expect(running).toEqual(['a', 'b', 'c'])
  await end('c')
  expect(running).toEqual(['a', 'b', 'c', 'd'])
  await end('d')
  expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd'])
  expect(turns.length).toBe(0)
})

test('as many bytes as fit, to the last one', async () => {
  const { running, run, end } = setUp()
  const all = [run('a', { bytes: MAX_AHEAD_BYTES - 10 }), run('b', { bytes: 10 }), run('c', { bytes: 1 })]
  await settled()
  expect(running).toEqual(['a', 'b'])
  await end('b')
  expect(running).toEqual(['a', 'b', 'c'])
  await end('a')
  const large = run('d', { bytes: MAX_AHEAD_BYTES })
  await settled()
  expect(running).toEqual(['a', 'b', 'c'])
  await end('c')
  expect(running).toEqual(['a', 'b', 'c', 'd'])
  await end('d')
  await Promise.all([...all, large])
})

test('one that gives up lets those behind it begin, and is never run', async () => {
  const { clock, turns, running, run, end } = setUp()
  const first = run('a')
  const alone = expect(run('b', { ahead: false }, 100)).rejects.toMatchObject({
    name: 'TimeoutError',
    outcome: 'not-sent',
    message: "b: another command of the agent's did not end within 100 ms",
  })
  const behind = run('c')
  await settled()
  expect(running).toEqual(['a'])
  await clock.advance(100)
  await alone
  expect(running).toEqual(['a', 'c'])
  expect(turns.length).toBe(2)
  await end('c')
  await end('a')
  expect(await Promise.all([first, behind])).toEqual(['a', 'c'])
  expect(running).toEqual(['a', 'c'])
  expect(turns.length).toBe(0)
  expect(clock.armed).toBe(0)
})

test('one that gives up from the middle leaves the others in their order', async () => {
  const { turns, running, run, end } = setUp()
  const first = run('a', { ahead: false })
  const controller = new AbortController()
  const waiting = [run('b', { ahead: false }), run('d', { ahead: false })]
  const aborted = expect(run('c', { ahead: false }, 1_000, controller.signal)).rejects.toBe('mine')
  await settled()
  controller.abort('mine')
  await aborted
  expect(turns.length).toBe(3)
  await end('a')
  await end('b')
  await end('d')
  expect(await Promise.all([first, ...waiting])).toEqual(['a', 'b', 'd'])
  expect(running).toEqual(['a', 'b', 'd'])
})

test('one whose turn comes in the moment in which it gives up gives it back', async () => {
  const { turns, running, run, end } = setUp()
  const controller = new AbortController()
  const first = run('a', { ahead: false })
  const second = expect(run('b', { ahead: false }, 1_000, controller.signal)).rejects.toBe('mine')
  const third = run('c', { ahead: false })
  await settled()
  controller.abort('mine')
  await end('a')
  await second
  expect(running).toEqual(['a', 'c'])
  await end('c')
  expect(await Promise.all([first, third])).toEqual(['a', 'c'])
  expect(turns.length).toBe(0)
})

test('whether several may be under way is asked when it matters', async () => {
  const { turns, running, run, end, share } = setUp()
  share(false)
  const all = [run('a'), run('b'), run('c')]
  await settled()
  expect(running).toEqual(['a'])
  share(true)
  turns.check()
  await settled()
  expect(running).toEqual(['a', 'b', 'c'])
  for (const name of ['a', 'b', 'c']) await end(name)
  await Promise.all(all)
})
