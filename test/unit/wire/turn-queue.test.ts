import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Deadline } from '../../../src/wire/deadline.ts'
import { TurnQueue } from '../../../src/wire/turn-queue.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function gate() {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, opened }
}

const within = (timeoutMs: number, signal?: AbortSignal) => new Deadline({ signal }, timeoutMs)

test('tasks run one at a time in the order in which they came, however they end', async () => {
  const queue = new TurnQueue('the one before')
  const log: string[] = []
  const first = gate()
  const runs = [
    queue.run(within(1_000), 'a', async () => {
      log.push('a begins')
      await first.opened
      log.push('a ends')
      throw new Error('a failed')
    }),
    queue.run(within(1_000), 'b', () => {
      log.push('b')
      return Promise.resolve('b')
    }),
    queue.run(within(1_000), 'c', () => {
      log.push('c')
      return Promise.resolve('c')
    }),
  ]
  expect(queue.length).toBe(3)
  await vi.advanceTimersByTimeAsync(10)
  expect(log).toEqual(['a begins'])
  first.open()
  expect(await Promise.allSettled(runs)).toMatchObject([
    { reason: { message: 'a failed' } },
    { value: 'b' },
    { value: 'c' },
  ])
  expect(log).toEqual(['a begins', 'a ends', 'b', 'c'])
  expect(queue.length).toBe(0)
  expect(vi.getTimerCount()).toBe(0)
})

test('whose time is up in the queue never runs, and the one behind still waits for the first', async () => {
  const queue = new TurnQueue('the change before it')
  const first = gate()
  const task = vi.fn(() => Promise.resolve('never'))
  const log: string[] = []
  const running = queue.run(within(1_000), 'a', async () => {
    await first.opened
    log.push('a')
  })
  const late = queue.run(within(20), 'b', task)
  const behind = queue.run(within(1_000), 'c', () => Promise.resolve(log.push('c')))
  const refused = expect(late).rejects.toMatchObject({
    name: 'TimeoutError',
    outcome: 'not-sent',
    message: 'b: the change before it did not end within 20 ms',
  })
  await vi.advanceTimersByTimeAsync(20)
  await refused
  expect(queue.length).toBe(2)
  expect(log).toEqual([])
  first.open()
  await Promise.all([running, behind])
  expect(log).toEqual(['a', 'c'])
  expect(task).not.toHaveBeenCalled()
  expect(vi.getTimerCount()).toBe(0)
})

test('an abort in the queue rejects with its reason, and the task never runs', async () => {
  const queue = new TurnQueue('x')
  const first = gate()
  const controller = new AbortController()
  const task = vi.fn(() => Promise.resolve())
  const running = queue.run(within(1_000), 'a', () => first.opened)
  const waiting = queue.run(within(1_000, controller.signal), 'b', task)
  const reason = { mine: true }
  controller.abort(reason)
  await expect(waiting).rejects.toBe(reason)
  await expect(queue.run(within(1_000, controller.signal), 'c', task)).rejects.toBe(reason)
  first.open()
  await running
  expect(task).not.toHaveBeenCalled()
  expect(queue.length).toBe(0)
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
})
