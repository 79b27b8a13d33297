// A command that an executor could not send (a stopped QEMU: the agent's sync ran out of time before guest-set-vcpus was
// written) stood in the change's ledger as sent: the change was `unknown` although nothing had left, and an unplug stood in
// pendingRemovals(). And the frozen error of that command could not be given the outcome of the whole change: the caller got
// ERR_EXECUTOR, "Cannot redefine property: outcome", in its place. Seen on QEMU 10.0 under SIGSTOP. What must end: an
// outcome that says that something was sent when the executor says that it was not; an error that hides another.
import { expect, onTestFinished, test } from 'vitest'
import { ConnectionError, Domain, type CallOptions, type QmpExecutor, type VcpuError } from '../../src/index.ts'
import { restate } from '../../src/errors/restate.ts'
import { SimulatedVm, VirtualClock } from '../../src/testing/index.ts'

type Executor = Pick<QmpExecutor, 'execute'>

const unsent = Object.freeze(
  new ConnectionError('ERR_NO_AGENT_ANSWER', 'no answer to the sync that goes first', { outcome: 'not-sent' }),
)

/** An executor that cannot send one command, for as long as `isDown`. */
function without(executor: Executor, command: string, isDown: () => boolean): Executor {
  return {
    execute: (name, args, options) =>
      name === command && isDown() ? Promise.reject(unsent) : executor.execute(name, args, options),
  }
}

async function connectWithout(command: string, isDown: () => boolean = () => true) {
  const clock = new VirtualClock()
  const vm = new SimulatedVm({ machine: { kind: 'x86', bootVcpus: 2, maxcpus: 8 }, clock })
  const qmp = without(vm.qmpExecutor(), command, isDown)
  const qga = without(vm.qgaExecutor(), command, isDown)
  const domain = await clock.run(Domain.connect({ qmp, qga, clock }))
  onTestFinished(async () => {
    await clock.run(domain.close())
    await clock.run(vm[Symbol.asyncDispose]())
  })
  const failure = (change: Promise<unknown>): Promise<unknown> =>
    clock.run(
      change.then(
        () => 'no failure',
        (error: unknown) => error,
      ),
    )
  return { domain, failure, run: <T>(promise: Promise<T>) => clock.run(promise) }
}

const changes: [string, string, (domain: Domain, options?: CallOptions) => Promise<unknown>][] = [
  [
    'unplug through the guest',
    'guest-set-vcpus',
    (domain, options) => domain.setVcpuState(1, false, { ...options, guest: true }),
  ],
  ['guest change', 'guest-set-vcpus', (domain, options) => domain.setGuestVcpuState(1, false, options)],
  ['plug', 'device_add', (domain, options) => domain.setVcpuState(5, true, options)],
  ['unplug', 'device_del', (domain, options) => domain.setVcpuState(1, false, options)],
]

test.each(changes)('%s: %s is not sent', async (_, command, change) => {
  const { domain, failure, run } = await connectWithout(command)
  expect(await failure(change(domain))).toMatchObject({ code: 'ERR_NO_AGENT_ANSWER', outcome: 'not-sent' })
  expect(String(domain.pendingRemovals())).toBe('')
  expect(String(await run(domain.getVcpuMap()))).toBe('0-1')
})

test('a plug whose guest part was not sent: a part of it is done', async () => {
  const { domain, failure } = await connectWithout('guest-set-vcpus')
  expect(await failure(domain.setVcpuState(5, true, { guest: true }))).toMatchObject({
    code: 'ERR_NO_AGENT_ANSWER',
    outcome: 'partial',
    failedStep: 'online-in-guest',
  })
})

test('an unplug whose guest part is done, and which was not sent itself', async () => {
  const { domain, failure } = await connectWithout('device_del')
  expect(await failure(domain.setVcpuState(1, false, { guest: true }))).toMatchObject({
    code: 'ERR_NO_AGENT_ANSWER',
    outcome: 'partial',
  })
  expect(String(domain.pendingRemovals())).toBe('')
})

test('a reading that was not sent, after a change that was: not known', async () => {
  let isDown = false
  const { domain, failure } = await connectWithout('guest-get-vcpus', () => isDown)
  const change = domain.setVcpuState(5, true, {
    guest: true,
    onStep: ({ step }) => {
      isDown ||= step === 'listed-in-guest'
    },
  })
  expect(await failure(change)).toMatchObject({ code: 'ERR_NO_AGENT_ANSWER', outcome: 'unknown' })
})

test.each(changes)(
  '%s: %s is under way when the caller aborts with an error of this package',
  async (_, command, change) => {
    const abort = new AbortController()
    const { domain, failure } = await connectWithout(command, () => {
      abort.abort(unsent)
      return false
    })
    const error = await failure(change(domain, { signal: abort.signal }))
    expect(error).toMatchObject({ name: 'AbortError', outcome: 'unknown' })
  },
)

test('a frozen error is given another outcome', () => {
  const again = restate<VcpuError>(unsent, 'partial')
  expect(again).toMatchObject({ code: 'ERR_NO_AGENT_ANSWER', outcome: 'partial', message: unsent.message })
  expect(again).toBeInstanceOf(ConnectionError)
  expect(unsent.outcome).toBe('not-sent')
  expect(Object.isFrozen(again)).toBe(true)
})
