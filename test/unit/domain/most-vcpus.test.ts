import { describe, expect, test } from 'vitest'
import type { DomainOptions } from '../../../src/index.ts'
import { requireLimits } from '../../../src/domain/limits.ts'
import { timedDomain } from '../../support/timed-domain.ts'
import { thrownBy } from '../../support/thrown-by.ts'

const TOO_MANY = { name: 'ProtocolError', code: 'ERR_TOO_MANY_VCPUS' }

function start(maxVcpus: number, options: Partial<DomainOptions> = {}) {
  return timedDomain({}, { limits: { maxVcpus }, ...options })
}

describe('a machine of eight slots', () => {
  test('is taken in where the limit is eight', async () => {
    const { clock, domain } = await start(8)
    expect(String(await clock.run(domain.getVcpuMap('possible')))).toBe('0-7')
    expect(await clock.run(domain.vcpus())).toHaveLength(8)
  })

  test('is refused to each call where it is seven, and nothing is sent', async () => {
    const { clock, vm, domain } = await start(7)
    const read = expect(domain.getVcpuMap()).rejects.toMatchObject({
      ...TOO_MANY,
      message: 'QEMU lists vCPUs up to id 7: limits.maxVcpus is 7',
    })
    const change = expect(domain.setVcpuState(2, true)).rejects.toMatchObject({ ...TOO_MANY, outcome: 'not-sent' })
    const run = expect(domain.scale(4)).rejects.toMatchObject({ ...TOO_MANY, outcome: 'not-sent' })
    await clock.run(Promise.all([read, change, run]))
    expect(vm.truth().requests).toEqual([])
    // The agent's side is another one.
    expect(String(await clock.run(domain.getVcpuMap('agent-online')))).toBe('0-1')
  })
})

describe('a guest', () => {
  test.each([
    ['that lists more CPUs', Array.from({ length: 9 }, (_, id) => id), "the guest's agent lists 9 CPUs"],
    ['that lists a high id', [0, 1, 8], "the guest's agent lists CPUs up to id 8"],
    ['that lists the highest', [0, 65_535], "the guest's agent lists CPUs up to id 65535"],
  ])('%s', async (_, ids, words) => {
    const { clock, vm, domain } = await start(8)
    vm.agent?.onCommand('guest-get-vcpus', () => ids.map((id) => ({ 'logical-id': id, online: true })))
    const message = `${words}: limits.maxVcpus is 8`
    const read = expect(domain.getGuestMaps()).rejects.toMatchObject({ ...TOO_MANY, message })
    const change = expect(domain.setGuestVcpuState(1, false)).rejects.toMatchObject({
      ...TOO_MANY,
      outcome: 'not-sent',
    })
    const plug = expect(domain.setVcpuState(2, true, { guest: true })).rejects.toMatchObject({
      ...TOO_MANY,
      outcome: 'not-sent',
    })
    await clock.run(Promise.all([read, change, plug]))
    expect(vm.truth().requests).toEqual([])
    expect(String(await clock.run(domain.getVcpuMap()))).toBe('0-1')
  })

  test('whose list makes no sense is refused as that', async () => {
    const { clock, vm, domain } = await start(8)
    for (const value of [null, [null], [{ 'logical-id': 1e300, online: true }], [{ 'logical-id': '9' }], {}]) {
      const unhook = vm.agent?.onCommand('guest-get-vcpus', () => value)
      const read = expect(domain.getGuestMaps()).rejects.toMatchObject({ name: 'ProtocolError', code: 'ERR_PROTOCOL' })
      await clock.run(read)
      unhook?.()
    }
  })
})

test('the defaults, and what is not a limit', () => {
  expect(requireLimits()).toEqual({ maxHintsPerSecond: 20, maxVcpus: 65_536 })
  for (const maxVcpus of [0, 65_537, 1.5, NaN, '8' as unknown as number]) {
    expect(thrownBy(() => requireLimits({ maxVcpus }))).toMatchObject({ code: 'ERR_LIMIT', outcome: 'not-sent' })
  }
  expect(thrownBy(() => requireLimits({ maxVcpu: 3 } as object))).toMatchObject({ code: 'ERR_LIMIT' })
})
