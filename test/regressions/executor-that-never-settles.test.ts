// A caller's executor that kept its promise open, although it had been given a time-out and a signal, kept every call of
// the domain open too. Seen with an executor of four lines. What must end: a time-out and a signal that only hold where
// somebody else honours them.
import { describe, expect, test } from 'vitest'
import { CpuMap, type Domain, type QgaExecutor, type QmpExecutor } from '../../src/index.ts'
import { hang } from '../../src/testing/index.ts'
import type { CallOptions } from '../../src/wire/call-options.ts'
import {
  connect,
  daemonsAgent,
  daemonsMonitor,
  ended,
  expectAborted,
  failureOf,
  errorOf,
  settle,
  simulate,
  TIMEOUT_MS,
} from './support.ts'

/** Settles nothing, and honours neither the time-out nor the signal. */
const deaf: QmpExecutor & QgaExecutor = { execute: () => new Promise<never>(() => undefined) }

const reads: [string, (domain: Domain, options: CallOptions) => PromiseLike<unknown>][] = [
  ['getVcpuMap', (domain, options) => domain.getVcpuMap('online', options)],
  ['getGuestMaps', (domain, options) => domain.getGuestMaps(options)],
  ['vcpus', (domain, options) => domain.vcpus(options)],
  ['plan', (domain, options) => domain.plan(4, options)],
]
const changes: [string, (domain: Domain, options: CallOptions) => PromiseLike<unknown>][] = [
  ['setVcpuState', (domain, options) => domain.setVcpuState(5, true, options)],
  ['setGuestVcpuState', (domain, options) => domain.setGuestVcpuState(1, false, options)],
  ['scale', (domain, options) => domain.scale(4, options)],
  ['setVcpuStates', (domain, options) => domain.setVcpuStates(CpuMap.of(5), true, options)],
]

describe('time-out', () => {
  test.each([...reads, ...changes])('%s', async (_, call) => {
    const domain = await connect({ qmp: deaf, qga: deaf })
    expect((await failureOf(call(domain, { timeoutMs: TIMEOUT_MS }))).code).toBe('ERR_TIMEOUT')
  })

  test('doctor', async () => {
    const domain = await connect({ qmp: deaf, qga: deaf })
    expect((await ended(domain.doctor({ timeoutMs: TIMEOUT_MS }))).state).not.toBe('pending')
  })
})

describe('signal', () => {
  test.each(reads)('%s', async (_, call) => {
    const domain = await connect({ qmp: deaf, qga: deaf })
    const abort = new AbortController()
    const end = ended(call(domain, { signal: abort.signal }))
    await settle()
    abort.abort()
    expect(errorOf(await end)).toBe(abort.signal.reason)
  })

  test.each(changes)('%s', async (_, call) => {
    const domain = await connect({ qmp: deaf, qga: deaf })
    const abort = new AbortController()
    const end = ended(call(domain, { signal: abort.signal }))
    await settle()
    abort.abort()
    expectAborted(errorOf(await end), abort.signal.reason, ['not-sent'])
  })
})

describe('in the middle of a change', () => {
  /** Honours neither the time-out nor the signal of any call. */
  async function deafVm() {
    const { qemu, agent } = simulate()
    const [monitor, client] = [await daemonsMonitor(qemu), await daemonsAgent(agent)]
    const domain = await connect({
      qmp: { execute: (command, args) => monitor.execute(command, args) },
      qga: { execute: (command, args) => client.execute(command, args) },
    })
    return { qemu, agent, domain }
  }

  test.each([
    ['device_add', (domain: Domain, options: CallOptions) => domain.setVcpuState(5, true, options)],
    ['device_del', (domain: Domain, options: CallOptions) => domain.setVcpuState(1, false, options)],
    ['guest-set-vcpus', (domain: Domain, options: CallOptions) => domain.setGuestVcpuState(1, false, options)],
  ] as const)('%s', async (command, call) => {
    const { qemu, agent, domain } = await deafVm()
    const peer = command === 'guest-set-vcpus' ? agent : qemu
    peer.onCommand(command, hang)
    expect(await failureOf(call(domain, { timeoutMs: TIMEOUT_MS }))).toMatchObject({
      code: 'ERR_TIMEOUT',
      outcome: 'unknown',
    })
  })
})
