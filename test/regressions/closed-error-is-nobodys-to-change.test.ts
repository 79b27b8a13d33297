// Every call on a closed domain rejected with one and the same error object, which was not frozen: what one caller wrote into
// it, all others read. And an executor that rejected with an error which was frozen already made a change reject with a
// TypeError ("Cannot redefine property: outcome"). Seen on a simulated VM. What must end: an error whose state depends on
// who had it before.
import { expect, test } from 'vitest'
import { ConnectionError, VcpuError, type QmpExecutor } from '../../src/index.ts'
import { timedDomain } from '../support/timed-domain.ts'
import { connect, daemonsMonitor, failureOf, simulate } from './support.ts'

test('the error of a closed domain is frozen', async () => {
  const { domain } = await timedDomain()
  await domain.close()
  const errors = [
    await failureOf(domain.setGuestVcpuState(1, false)),
    await failureOf(domain.setVcpuState(1, true, { guest: true })),
    await failureOf(domain.setVcpuState(1, true)),
    await failureOf(domain.getVcpuMap()),
  ]
  for (const error of errors) {
    expect(error).toMatchObject({ code: 'ERR_CLOSED', outcome: 'not-sent' })
    expect(Object.isFrozen(error)).toBe(true)
  }
})

test('an executor rejects with a frozen error', async () => {
  const { qemu } = simulate()
  const monitor = await daemonsMonitor(qemu)
  const gone = Object.freeze(new ConnectionError('ERR_CONNECTION_LOST', 'the daemon lost its monitor'))
  const executor: QmpExecutor = {
    execute: (command, args, options) =>
      command === 'device_add' ? Promise.reject(gone) : monitor.execute(command, args, options),
  }
  const domain = await connect({ qmp: executor })
  const error = await failureOf(domain.setVcpuState(5, true))
  expect(error).toBeInstanceOf(VcpuError)
  expect(error).toMatchObject({ name: 'ConnectionError', code: 'ERR_CONNECTION_LOST', outcome: 'unknown' })
  expect(Object.isFrozen(error)).toBe(true)
  expect(gone.outcome).toBeUndefined()
})
