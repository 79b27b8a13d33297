import { expect, test, vi } from 'vitest'
import { LazyAbort } from '../../../src/wire/lazy-abort.ts'

test('those that listened before hear of it, with the first reason', () => {
  const abort = new LazyAbort()
  const { signal } = abort
  const heard = vi.fn()
  signal.addEventListener('abort', heard)
  expect(signal.aborted).toBe(false)
  abort.abort('first')
  abort.abort('second')
  expect(heard).toHaveBeenCalledTimes(1)
  expect(signal.reason).toBe('first')
  expect(abort.signal).toBe(signal)
})

test('a signal that is asked for afterwards has aborted', () => {
  const abort = new LazyAbort()
  abort.abort('first')
  abort.abort('second')
  expect(abort.signal.aborted).toBe(true)
  expect(abort.signal.reason).toBe('first')
  expect(abort.signal).toBe(abort.signal)
})
