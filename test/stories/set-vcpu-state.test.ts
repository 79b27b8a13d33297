import { describe, expect, test } from 'vitest'
import { CpuMap } from '../../src/index.ts'
import { hang, Refusal } from '../../src/testing/index.ts'
import { changesSent, until, vm } from '../support/simulated-vm.ts'

describe('plug', () => {
  test('fills the slot with its own type and properties, verbatim, under a fresh id', async () => {
    const { qemu, domain } = await vm({ sockets: 2, cores: 2, threads: 2, numaNodes: 2 })
    const first = await domain.setVcpuState(5, true)
    expect(first).toMatchObject({ outcome: 'done', id: 5, online: true })
    expect(String(first.changed)).toBe('5')
    const sent = qemu.commands.find(({ command }) => command === 'device_add')
    expect(sent?.arguments).toEqual({
      driver: 'qemu64-x86_64-cpu',
      id: first.deviceId,
      'socket-id': 1,
      'core-id': 0,
      'thread-id': 1,
      'node-id': 1,
    })
    await domain.setVcpuState(5, false)
    expect((await domain.setVcpuState(5, true)).deviceId).not.toBe(first.deviceId)
  })

  test('a refusal of QEMU is a rejection, and the maps are as they were', async () => {
    const { qemu, domain } = await vm()
    qemu.onCommand('device_add', () => {
      throw new Refusal('the firmware did not enable it', 'GenericError')
    })
    await expect(domain.setVcpuState(5, true)).rejects.toMatchObject({
      name: 'CommandError',
      outcome: 'rejected',
      description: 'the firmware did not enable it',
    })
    expect(String(await domain.getVcpuMap())).toBe('0-1')
  })

  test('a yes that the slot does not show is not taken for one', async () => {
    const { qemu, domain } = await vm()
    qemu.onCommand('device_add', () => ({}))
    await expect(domain.setVcpuState(5, true)).rejects.toMatchObject({
      name: 'NotConfirmedError',
      code: 'ERR_NOT_CONFIRMED',
      outcome: 'unknown',
    })
  })

  test('QEMU dying after its yes leaves the result unknown', async () => {
    const { qemu, domain } = await vm()
    qemu.onCommand('device_add', (_, usual) => {
      const answer = usual()
      setImmediate(() => {
        qemu.kill()
      })
      return answer
    })
    qemu.onCommand('query-cpus-fast', (_, usual) => (changesSent(qemu).length > 0 ? hang(_, usual) : usual()))
    await expect(domain.setVcpuState(5, true)).rejects.toMatchObject({
      code: 'ERR_CONNECTION_LOST',
      outcome: 'unknown',
    })
  })

  test('a silent QEMU ends by time-out: unknown once sent, not sent before', async () => {
    const { qemu, domain } = await vm()
    qemu.onCommand('device_add', hang)
    await expect(domain.setVcpuState(5, true, { timeoutMs: 50 })).rejects.toMatchObject({
      name: 'TimeoutError',
      outcome: 'unknown',
    })
    qemu.onCommand('query-cpus-fast', hang)
    await expect(domain.setVcpuState(4, true, { timeoutMs: 50 })).rejects.toMatchObject({
      name: 'TimeoutError',
      outcome: 'not-sent',
    })
  })
})

describe('nothing is sent', () => {
  test.each([
    ['already on', 1, true, {}, undefined],
    ['already off', 5, false, {}, undefined],
    ['boot CPU', 0, false, {}, 'ERR_NOT_OFFLINABLE'],
    ['beyond the last', 8, true, {}, 'ERR_NO_SUCH_VCPU'],
    ['negative', -1, true, {}, 'ERR_CPU_ID'],
    ['fractional', 1.5, true, {}, 'ERR_CPU_ID'],
  ])('%s', async (_, id, online, options, code) => {
    const { qemu, domain } = await vm()
    const call = domain.setVcpuState(id, online, options)
    if (code === undefined) expect((await call).changed.size).toBe(0)
    else await expect(call).rejects.toMatchObject({ code, outcome: 'not-sent' })
    expect(changesSent(qemu)).toEqual([])
  })

  test('a slot past APIC id 254, of a CPU model without x2APIC: QEMU might die of it', async () => {
    const flat = await vm({ maxcpus: 288 })
    expect(String((await flat.domain.setVcpuState(254, true)).changed)).toBe('254')
    await expect(flat.domain.setVcpuState(255, true)).rejects.toMatchObject({
      code: 'ERR_NO_X2APIC',
      outcome: 'not-sent',
    })
    expect(changesSent(flat.qemu)).toEqual(['device_add'])
    // Three threads of a core take two bits, so the APIC ids have gaps and run ahead of the ids.
    const gaps = await vm({ sockets: 1, cores: 70, threads: 3, bootVcpus: 1, maxcpus: 210 })
    await expect(gaps.domain.setVcpuState(195, true)).rejects.toThrow('its APIC id is 260')
    expect(String((await gaps.domain.setVcpuState(190, true)).changed)).toBe('190')
  })

  test('s390x: no vCPU is offlinable, and the refusal says that the machine never unplugs', async () => {
    const { qemu, domain } = await vm({ kind: 's390x', bootVcpus: 2 })
    expect(await domain.getVcpuMap('offlinable')).toEqual(CpuMap.empty)
    // Not because 0 is the boot CPU: whoever is told that goes on to try 1.
    for (const id of [0, 1]) {
      await expect(domain.setVcpuState(id, false)).rejects.toThrow('this machine type never unplugs a vCPU')
    }
    expect(changesSent(qemu)).toEqual([])
  })

  test('a machine without hotplug shows what runs and refuses every change', async () => {
    const { qemu, domain } = await vm({ kind: 'no-hotplug' })
    expect(String(await domain.getVcpuMap('possible'))).toBe('0-1')
    expect(String(await domain.getVcpuMap('onlinable'))).toBe('')
    await expect(domain.setVcpuState(5, true)).rejects.toMatchObject({ code: 'ERR_NO_HOTPLUG', outcome: 'not-sent' })
    await expect(domain.setVcpuState(1, false)).rejects.toMatchObject({ code: 'ERR_NO_HOTPLUG', outcome: 'not-sent' })
    expect(changesSent(qemu)).toEqual([])
  })

  test('one thread of a core: the slot is named; the whole slot moves when asked for', async () => {
    const { qemu, domain } = await vm({ kind: 'pseries', threads: 4, maxcpus: 16, bootVcpus: 4 })
    const refusal = domain.setVcpuState(13, true)
    await expect(refusal).rejects.toMatchObject({ code: 'ERR_PART_OF_SLOT', outcome: 'not-sent' })
    await expect(refusal).rejects.toThrow('12-15')
    expect(changesSent(qemu)).toEqual([])
    expect(String((await domain.setVcpuState(13, true, { wholeSlot: true })).changed)).toBe('12-15')
    expect(String(await domain.getVcpuMap())).toBe('0-3,12-15')
    expect((await domain.setVcpuState(14, true)).changed.size).toBe(0)
    expect(String((await domain.setVcpuState(15, false, { wholeSlot: true })).changed)).toBe('12-15')
    expect(String(await domain.getVcpuMap())).toBe('0-3')
  })
})

test('an aborted wait ends at once with an AbortError; what was sent goes on', async () => {
  const { qemu, domain } = await vm()
  qemu.guest.onUnplug = 'ignore'
  const abort = new AbortController()
  const reason = new Error('enough')
  const call = domain.setVcpuState(1, false, { signal: abort.signal })
  await until(() => qemu.pendingUnplugs.length === 1)
  abort.abort(reason)
  await expect(call).rejects.toMatchObject({ name: 'AbortError', outcome: 'unknown', cause: reason })
  expect(String(domain.pendingRemovals())).toBe('1')
  qemu.completePendingUnplug()
  expect(String(await domain.getVcpuMap())).toBe('0')
  expect(domain.pendingRemovals().size).toBe(0)
})
