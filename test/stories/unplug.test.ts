import { describe, expect, test } from 'vitest'
import { Domain, type QmpExecutor } from '../../src/index.ts'
import { QmpClient } from '../../src/qmp/index.ts'
import { Refusal, SimulatedQemu } from '../../src/testing/index.ts'
import { testClock } from '../support/passing-clock.ts'
import { changesSent, until, vm } from '../support/simulated-vm.ts'

describe('an unplug resolves when the slot is empty', () => {
  test.each(['last', 'never', 'next-plug'] as const)('own DEVICE_DELETED: %s', async (ownDeviceDeleted) => {
    const { qemu, domain } = await vm({ ownDeviceDeleted })
    const plugged = await domain.setVcpuState(5, true)
    const gone = await domain.setVcpuState(5, false)
    expect(gone).toMatchObject({ outcome: 'done', online: false, deviceId: plugged.deviceId })
    expect(String(gone.changed)).toBe('5')
    await domain.setVcpuState(5, true)
    expect(String(await domain.getVcpuMap())).toBe('0-1,5')
    expect(changesSent(qemu)).toEqual(['device_add', 'device_del', 'device_add'])
  })

  test('a vCPU of -smp goes by its QOM path', async () => {
    const { qemu, domain } = await vm()
    expect(await domain.setVcpuState(1, false)).toMatchObject({ deviceId: null })
    const sent = qemu.commands.find(({ command }) => command === 'device_del')
    expect(sent?.arguments['id']).toMatch(/^\/machine\/unattached\//)
  })

  test("its children's DEVICE_DELETED do not end the wait", async () => {
    const { qemu, domain } = await vm()
    const { deviceId } = await domain.setVcpuState(5, true)
    qemu.guest.onUnplug = 'ignore'
    let isOver = false
    const call = domain.setVcpuState(5, false).finally(() => {
      isOver = true
    })
    await until(() => qemu.pendingUnplugs.length === 1)
    const looks = () => qemu.commands.filter(({ command }) => command === 'query-cpus-fast').length
    const before = looks()
    qemu.emit('DEVICE_DELETED', { path: `/machine/peripheral/${String(deviceId)}/lapic` })
    qemu.emit('DEVICE_DELETED', { device: 'vcpu5', path: '/machine/peripheral/vcpu5' })
    await until(() => looks() > before + 1)
    expect(isOver).toBe(false)
    qemu.completePendingUnplug()
    await call
  })

  test('with an executor that has no events', async () => {
    await using qemu = new SimulatedQemu({ kind: 'x86', bootVcpus: 2, maxcpus: 4 })
    await using client = await QmpClient.connect(qemu.connect(), { clock: testClock() })
    const executor: QmpExecutor = { execute: (command, args, options) => client.execute(command, args, options) }
    await using domain = await Domain.connect({ qmp: executor, clock: testClock() })
    await domain.setVcpuState(1, false)
    expect(String(await domain.getVcpuMap())).toBe('0')
    await domain.close()
    // The caller's own executor stays the caller's.
    expect(client.state).toBe('ready')
  })

  test('that went by itself before QEMU was asked', async () => {
    const { qemu, domain } = await vm()
    qemu.onCommand('device_del', (_, usual) => {
      usual()
      throw new Refusal('Device not found', 'DeviceNotFound')
    })
    // Whatever took it, it was not this call's request, which QEMU refused.
    expect(String((await domain.setVcpuState(1, false)).changed)).toBe('')
    expect(String(await domain.getVcpuMap())).toBe('0')
  })
})

describe('a refusal of the guest rejects at once, in words', () => {
  test('x86: _OST', async () => {
    const { qemu, domain } = await vm()
    qemu.guest.onUnplug = 'refuse'
    const call = domain.setVcpuState(1, false)
    await expect(call).rejects.toMatchObject({
      name: 'GuestRefusedError',
      code: 'ERR_GUEST_REFUSED',
      outcome: 'rejected',
    })
    await expect(call).rejects.toThrow('device in use by an application (_OST status 0x81)')
    expect(domain.pendingRemovals().size).toBe(0)
    qemu.guest.onUnplug = 'remove'
    await domain.setVcpuState(1, false)
  })

  test('pseries: DEVICE_UNPLUG_GUEST_ERROR', async () => {
    const { qemu, domain } = await vm({ kind: 'pseries', threads: 2, maxcpus: 8, bootVcpus: 4 })
    qemu.guest.onUnplug = 'refuse'
    await expect(domain.setVcpuState(2, false, { wholeSlot: true })).rejects.toMatchObject({
      code: 'ERR_GUEST_REFUSED',
      outcome: 'rejected',
    })
  })

  test('neither an earlier plug of the slot nor another slot nor "in progress" is a refusal', async () => {
    const { qemu, domain } = await vm()
    qemu.guest.onUnplug = 'ignore'
    const call = domain.setVcpuState(1, false)
    await until(() => qemu.pendingUnplugs.length === 1)
    const ost = (slot: string, source: number, status: number, type = 'CPU') => {
      qemu.emit('ACPI_DEVICE_OST', { info: { slot, 'slot-type': type, source, status } })
    }
    ost('1', 1, 1)
    ost('2', 3, 0x81)
    ost('1', 3, 0x81, 'DIMM')
    ost('1', 3, 0x84)
    qemu.emit('ACPI_DEVICE_OST', { info: { slot: 1 } })
    await domain.getVcpuMap()
    expect(String(domain.pendingRemovals())).toBe('1')
    qemu.completePendingUnplug()
    expect(String((await call).changed)).toBe('1')
  })

  test('a refusal of QEMU itself is a rejection and nothing stays watched', async () => {
    const { qemu, domain } = await vm()
    qemu.onCommand('device_del', () => {
      throw new Refusal('not while migrating', 'GenericError')
    })
    await expect(domain.setVcpuState(1, false)).rejects.toMatchObject({ name: 'CommandError', outcome: 'rejected' })
    expect(domain.pendingRemovals().size).toBe(0)
  })
})

describe('a time-out is no answer', () => {
  test('the request stays watched; a second request joins it, a plug is refused, a late removal is adopted', async () => {
    const { qemu, domain } = await vm()
    qemu.guest.onUnplug = 'ignore'
    await expect(domain.setVcpuState(1, false, { timeoutMs: 30 })).rejects.toMatchObject({
      name: 'TimeoutError',
      code: 'ERR_TIMEOUT',
      outcome: 'unknown',
    })
    expect(String(domain.pendingRemovals())).toBe('1')
    await expect(domain.setVcpuState(1, true)).rejects.toMatchObject({
      code: 'ERR_REMOVAL_PENDING',
      outcome: 'not-sent',
    })
    const second = domain.setVcpuState(1, false)
    const third = domain.setVcpuState(1, false)
    // The guest was not heard before the first call gave up: QEMU is asked again, once.
    await until(() => changesSent(qemu).length === 2)
    qemu.completePendingUnplug()
    expect(String((await second).changed)).toBe('1')
    expect(String((await third).changed)).toBe('')
    expect(changesSent(qemu)).toEqual(['device_del', 'device_del'])
    expect(domain.pendingRemovals().size).toBe(0)
  })

  test('a late removal is adopted without any call of ours', async () => {
    const { qemu, domain } = await vm()
    qemu.guest.onUnplug = 'ignore'
    await expect(domain.setVcpuState(1, false, { timeoutMs: 30 })).rejects.toMatchObject({ outcome: 'unknown' })
    qemu.completePendingUnplug()
    await until(() => domain.pendingRemovals().size === 0)
  })

  test('a late refusal ends the watch', async () => {
    const { qemu, domain } = await vm()
    qemu.guest.onUnplug = 'ignore'
    await expect(domain.setVcpuState(1, false, { timeoutMs: 30 })).rejects.toMatchObject({ outcome: 'unknown' })
    const second = domain.setVcpuState(1, false)
    await until(() => changesSent(qemu).length === 2)
    qemu.refusePendingUnplug()
    await expect(second).rejects.toMatchObject({ code: 'ERR_GUEST_REFUSED' })
    expect(domain.pendingRemovals().size).toBe(0)
  })
})

describe('the end of the connection', () => {
  test('QEMU killed while an unplug is under way: unknown, once it has been dialled in vain for a while', async () => {
    const { qemu, domain } = await vm()
    qemu.guest.onUnplug = 'ignore'
    const call = domain.setVcpuState(1, false)
    await until(() => qemu.pendingUnplugs.length === 1)
    qemu.kill()
    await expect(call).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST', outcome: 'unknown' })
    // It may come back: what it was asked is not forgotten.
    expect(String(domain.pendingRemovals())).toBe('1')
  })

  test('close() ends every wait', async () => {
    const { qemu, domain } = await vm()
    qemu.guest.onUnplug = 'ignore'
    const call = domain.setVcpuState(1, false)
    await until(() => qemu.pendingUnplugs.length === 1)
    const ended = expect(call).rejects.toMatchObject({ code: 'ERR_CLOSED', outcome: 'unknown' })
    await domain.close()
    await domain.close()
    await ended
    await expect(domain.getVcpuMap()).rejects.toMatchObject({ code: 'ERR_CLOSED' })
  })
})
