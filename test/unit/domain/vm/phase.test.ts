import { expect, test } from 'vitest'
import { phaseChangeOf, phaseOf } from '../../../../src/domain/vm/phase.ts'
import { Vm } from '../../../../src/domain/vm/vm.ts'
import { VmDriver } from '../../../../src/domain/vm/driver.ts'
import { Deadline } from '../../../../src/wire/deadline.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { stateOf } from './kit.ts'
import { FakeMonitor } from './monitor.ts'

const lost = new Error('lost')

test('the state of a connection, with its cause where it is lost', () => {
  const states = [
    stateOf(),
    stateOf({ isConnected: false, lostBy: lost }),
    stateOf({ closedBy: lost }),
    stateOf({ closedBy: lost, isConnected: false, lostBy: lost }),
  ]
  expect(states.map(phaseOf)).toEqual(['connected', 'reconnecting', 'closed', 'closed'])
  expect(states.map(phaseChangeOf)).toStrictEqual([
    { state: 'connected' },
    { state: 'reconnecting', cause: lost },
    { state: 'closed' },
    { state: 'closed' },
  ])
  const never = phaseChangeOf(stateOf({ isConnected: false, lostBy: undefined }))
  expect(never).toMatchObject({ state: 'reconnecting', cause: { message: 'not connected yet' } })
})

test('a VM without an agent says what it needs, and a closed one that it is closed', () => {
  const agent = { execute: () => Promise.resolve({}) }
  const vm = (given: typeof agent | undefined) => new Vm(new VmDriver(new FakeMonitor([]), new ManualClock()), given)
  expect(vm(agent).requireAgent()).toBe(agent)
  const without = vm(undefined)
  expect(() => without.requireAgent()).toThrow(
    expect.objectContaining({
      code: 'ERR_NO_AGENT',
      message: 'this needs the guest agent: connect with its socket as `qga`',
    }) as Error,
  )
  without.driver.close()
  expect(() => without.requireAgent()).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }) as Error)
})

test('a wait for the guest’s turn says whose', async () => {
  const clock = new ManualClock()
  const { guestTurns } = new Vm(new VmDriver(new FakeMonitor([]), clock), undefined)
  const never = new Promise<void>(() => undefined)
  const within = (timeoutMs: number) => new Deadline({ timeoutMs }, 1, clock)
  void guestTurns.run(within(1_000), 'CPU 1 off', () => never)
  const late = expect(guestTurns.run(within(10), 'CPU 2 off', () => never)).rejects.toMatchObject({
    message: 'CPU 2 off: the change in the guest before it did not end within 10 ms',
  })
  await clock.advance(10)
  await late
})
