// A run over several vCPUs ended while a device_add was in flight: the vCPU that it was for appeared neither among the
// changed ones nor anywhere else in the error. Seen on a simulated QEMU. What must end: a request that was sent, whose
// result nobody knows, and that no error names.
import { expect, test } from 'vitest'
import { CpuMap } from '../../src/index.ts'
import { hang } from '../../src/testing/index.ts'
import { changedOf, connectSimulated, expectAborted, failureOf, inDoubtOf, TIMEOUT_MS } from './support.ts'

/** The second device_add of a run is not answered. */
async function silentAtSecond(onSecond: () => void = () => undefined) {
  const vm = await connectSimulated()
  let plugs = 0
  vm.qemu.onCommand('device_add', (args, usual) => {
    if (++plugs === 1) return usual()
    onSecond()
    return hang(args, usual)
  })
  return vm
}

test('a step that timed out', async () => {
  const { domain } = await silentAtSecond()
  const error = await failureOf(domain.scale(5, { timeoutMs: TIMEOUT_MS }))
  expect({ name: error.name, changed: changedOf(error), inDoubt: inDoubtOf(error) }).toEqual({
    name: 'ScaleError',
    changed: '2',
    inDoubt: '3',
  })
})

test('a step that timed out, of a map', async () => {
  const { domain } = await silentAtSecond()
  const error = await failureOf(domain.setVcpuStates(CpuMap.parse('4-6'), true, { timeoutMs: TIMEOUT_MS }))
  expect([changedOf(error), inDoubtOf(error)]).toEqual(['4', '5'])
})

test('an unplug that timed out', async () => {
  const { qemu, domain } = await connectSimulated({ machine: { bootVcpus: 4 } })
  qemu.guest.onUnplug = 'ignore'
  const error = await failureOf(domain.scale(2, { timeoutMs: TIMEOUT_MS }))
  expect([changedOf(error), inDoubtOf(error)]).toEqual(['', '3'])
})

test('a step that was aborted', async () => {
  const abort = new AbortController()
  const { domain } = await silentAtSecond(() => {
    abort.abort()
  })
  const error = await failureOf(domain.scale(5, { signal: abort.signal }))
  expectAborted(error, abort.signal.reason, ['partial', 'unknown'])
  expect([changedOf(error), inDoubtOf(error)]).toEqual(['2', '3'])
})

test('a step that QEMU refused is in no doubt', async () => {
  const { qemu, domain } = await connectSimulated({ machine: { bootVcpus: 4 } })
  qemu.guest.onUnplug = 'refuse'
  const error = await failureOf(domain.scale(2))
  expect([changedOf(error), inDoubtOf(error)]).toEqual(['', ''])
})
