// setVcpuStates over a range that passes APIC id 254 on a CPU model without x2APIC plugged five vCPUs and was then
// refused at the sixth, although it is said that one id that cannot be changed means that none is. Seen on a simulated
// QEMU. What must end: a refusal in the middle of a plan that could be known before it.
import { expect, test } from 'vitest'
import { CpuMap } from '../../src/index.ts'
import { changesReceived, connectSimulated, failureOf } from './support.ts'

const MACHINE = { bootVcpus: 1, maxcpus: 300, sockets: 1 }

test('setVcpuStates', async () => {
  const { qemu, domain } = await connectSimulated({ machine: MACHINE })
  const error = await failureOf(domain.setVcpuStates(CpuMap.parse('250-255'), true))
  expect(error).toMatchObject({ name: 'RefusedError', code: 'ERR_NO_X2APIC', outcome: 'not-sent' })
  expect(changesReceived(qemu)).toEqual([])
})

test('scale', async () => {
  const { qemu, domain } = await connectSimulated({ machine: { ...MACHINE, bootVcpus: 253 } })
  const error = await failureOf(domain.scale(257))
  expect(error.outcome).toBe('not-sent')
  expect(changesReceived(qemu)).toEqual([])
})
