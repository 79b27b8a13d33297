import { expect, test } from 'vitest'
import { Waits } from '../../../../src/domain/vm/waits.ts'
import type { VmState } from '../../../../src/domain/vm/state.ts'
import { Deadline } from '../../../../src/wire/deadline.ts'
import { FakeClock } from './fake-clock.ts'
import { stateOf } from './kit.ts'

const closed = new Error('closed')
const timeUp = new Error('time is up')
const isDisconnected = ({ isConnected }: VmState): string | undefined => (isConnected ? undefined : 'gone')

function kit(signal?: AbortSignal) {
  const clock = new FakeClock()
  const waits = new Waits()
  const options = (looks: boolean) => ({
    deadline: new Deadline({ signal, timeoutMs: 100 }, 100, clock),
    looks,
    onTimeout: () => timeUp,
  })
  return { clock, waits, options }
}

test('what the state shows already is not waited for, even when it is closed', async () => {
  const { clock, waits, options } = kit()
  const state = stateOf({ isConnected: false, closedBy: closed })
  await expect(waits.until(state, isDisconnected, options(true))).resolves.toBe('gone')
  expect([clock.pending, waits.wantLooks]).toStrictEqual([0, false])
})

test('a closed state ends a wait before it begins', async () => {
  const { clock, waits, options } = kit()
  await expect(waits.until(stateOf({ closedBy: closed }), isDisconnected, options(true))).rejects.toBe(closed)
  expect(clock.pending).toBe(0)
})

test('a wait ends with the first state that shows it, and leaves nothing behind', async () => {
  const { clock, waits, options } = kit()
  const wait = waits.until(stateOf(), isDisconnected, options(true))
  expect(waits.wantLooks).toBe(true)
  waits.check(stateOf())
  expect(waits.wantLooks).toBe(true)
  waits.check(stateOf({ isConnected: false }))
  expect(waits.wantLooks).toBe(false)
  await expect(wait).resolves.toBe('gone')
  expect(clock.pending).toBe(0)
})

test('closing ends it, and what the last state shows comes first', async () => {
  const { waits, options } = kit()
  const lost = waits.until(stateOf(), () => undefined, options(false))
  const found = waits.until(stateOf(), isDisconnected, options(false))
  waits.check(stateOf({ isConnected: false, closedBy: closed }))
  await expect(lost).rejects.toBe(closed)
  await expect(found).resolves.toBe('gone')
})

test('a predicate that throws ends its own wait alone', async () => {
  const { waits, options } = kit()
  const bad = new Error('bad')
  const first = waits.until(
    stateOf(),
    ({ isConnected }) => {
      if (!isConnected) throw bad
      return undefined
    },
    options(false),
  )
  const second = waits.until(stateOf(), isDisconnected, options(false))
  waits.check(stateOf({ isConnected: false }))
  await expect(first).rejects.toBe(bad)
  await expect(second).resolves.toBe('gone')
})

test('time runs out', async () => {
  const { clock, waits } = kit()
  const deadline = new Deadline({ timeoutMs: 1 }, 1, clock)
  const wait = waits.until(stateOf(), isDisconnected, { deadline, looks: true, onTimeout: () => timeUp })
  const ended = expect(wait).rejects.toBe(timeUp)
  clock.pass(1)
  await ended
  expect(waits.wantLooks).toBe(false)
})

test('the caller aborts', async () => {
  const controller = new AbortController()
  const { clock, waits, options } = kit(controller.signal)
  const wait = waits.until(stateOf(), isDisconnected, options(true))
  controller.abort(closed)
  await expect(wait).rejects.toBe(closed)
  expect([clock.pending, waits.wantLooks]).toStrictEqual([0, false])
})

test('looking that leads nowhere ends the waits that rely on it alone', async () => {
  const { waits, options } = kit()
  const looks = waits.until(stateOf(), isDisconnected, options(true))
  const hears = waits.until(stateOf(), isDisconnected, options(false))
  waits.failLooking(closed)
  expect(waits.wantLooks).toBe(false)
  await expect(looks).rejects.toBe(closed)
  waits.check(stateOf({ isConnected: false }))
  await expect(hears).resolves.toBe('gone')
})
