// A doctor with 20 ms had not ended after a minute: on a busy host with many processes its look through /proc at who holds the
// monitor's socket took so long, and went by neither its time nor its signal. Seen by npm run soak. What must end: a question of
// the doctor's that nothing bounds.
import { expect, test } from 'vitest'
import { runChecks } from '../../src/domain/doctor/run-checks.ts'
import { VmDriver } from '../../src/domain/vm/driver.ts'
import { Vm } from '../../src/domain/vm/vm.ts'
import { TimeoutError, type CallOptions, type QmpExecutor } from '../../src/index.ts'
import { bounded } from '../../src/wire/bounded.ts'
import { Deadline } from '../../src/wire/deadline.ts'
import { testClock } from '../support/passing-clock.ts'

const never = new Promise<never>(() => undefined)
const PATH = '/run/vm.sock'

/** A VM whose monitor answers nothing. */
function silentVm(): Vm {
  const clock = testClock()
  const execute = (_command: string, _arguments?: object, { timeoutMs = 1_000, signal }: CallOptions = {}) =>
    bounded<unknown>(never, { timeoutMs, signal, clock, onTimeout: () => new TimeoutError('no answer') })
  const qmp: QmpExecutor = { execute }
  return new Vm(new VmDriver(qmp, clock), undefined)
}

test('a look at the monitor’s socket that does not end: the doctor ends in its time all the same', async () => {
  const clock = testClock()
  const findings = await runChecks(silentVm(), new Deadline({}, 4_000, clock), PATH, () => never)
  expect(clock.now()).toBe(4_000)
  expect(findings.map(({ code }) => code)).toEqual(['monitor-hangs'])
})

test('and with its signal', async () => {
  const clock = testClock()
  const controller = new AbortController()
  const reason = new Error('enough')
  clock.after(3_500, () => {
    controller.abort(reason)
  })
  const deadline = new Deadline({ signal: controller.signal }, 4_000, clock)
  await expect(runChecks(silentVm(), deadline, PATH, () => never)).rejects.toBe(reason)
  expect(clock.now()).toBe(3_500)
})
