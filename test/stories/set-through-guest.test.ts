import { describe, expect, test } from 'vitest'
import { hang, Refusal } from '../../src/testing/index.ts'
import { changesSent, until, vm } from '../support/simulated-vm.ts'

describe('plug, carried through into the guest', () => {
  test('is told step by step', async () => {
    const { domain } = await vm()
    const change = await domain.setVcpuState(5, true, { guest: true })
    expect(change.steps.map(({ step }) => step)).toEqual([
      'device_add',
      'slot-filled',
      'guest-acknowledged',
      'listed-in-guest',
      'online-in-guest',
    ])
    expect([String(change.changed), String(change.guest?.ids), String(change.guest?.changed)]).toEqual(['5', '2', '2'])
    expect(String(await domain.getVcpuMap('agent-online'))).toBe('0-2')
  })

  test('of one that is plugged turns it on, and touches nothing that is on', async () => {
    const { qemu, agent, domain } = await vm()
    await domain.setVcpuState(5, true)
    await until(async () => (await domain.vcpus())[5]?.guest?.id === 2)
    const woken = await domain.setVcpuState(5, true, { guest: true })
    expect([String(woken.changed), String(woken.guest?.changed)]).toEqual(['', '2'])
    const again = await domain.setVcpuState(5, true, { guest: true })
    expect([String(again.changed), String(again.guest?.changed)]).toEqual(['', ''])
    expect(changesSent(qemu)).toEqual(['device_add'])
    expect(changesSent(agent)).toEqual(['guest-set-vcpus'])
  })

  test('needs an agent that answers: else nothing is plugged', async () => {
    const { qemu, agent, domain } = await vm()
    agent.silent = true
    await expect(domain.setVcpuState(5, true, { guest: true, timeoutMs: 100 })).rejects.toMatchObject({
      code: 'ERR_NO_AGENT_ANSWER',
      outcome: 'not-sent',
    })
    expect(changesSent(qemu)).toEqual([])
  })

  test.each([
    ['says no', 'refuse', 'ERR_GUEST_REJECTED', 'cannot take it (_OST status 0x1)', 'guest-acknowledged'],
    ['says yes and does nothing', 'pretend', 'ERR_GUEST_NOT_LISTED', 'ignores the slot', 'listed-in-guest'],
  ] as const)('a guest that %s', async (_, onPlug, code, words, failedStep) => {
    const { qemu, domain } = await vm()
    qemu.guest.onPlug = onPlug
    const kept = domain.setVcpuState(5, true, { guest: true })
    await expect(kept).rejects.toMatchObject({ name: 'GuestChangeError', code, outcome: 'partial', failedStep })
    await expect(kept).rejects.toThrow(words)
    expect(String(await domain.getVcpuMap())).toBe('0-1,5')
    const undone = domain.setVcpuState(4, true, { guest: true, rollback: true })
    await expect(undone).rejects.toMatchObject({ code, outcome: 'rejected' })
    expect(String(await domain.getVcpuMap())).toBe('0-1,5')
  })

  test('a guest that says nothing: unknown when the time is up, and QEMU’s part is told', async () => {
    const { qemu, domain } = await vm()
    qemu.guest.onPlug = 'ignore'
    const call = domain.setVcpuState(5, true, { guest: true, timeoutMs: 200 })
    await expect(call).rejects.toMatchObject({ name: 'GuestChangeError', code: 'ERR_TIMEOUT', outcome: 'unknown' })
    await expect(call).rejects.toThrow('did not list it within 200 ms')
    await expect(call).rejects.toThrow('It was plugged in QEMU')
  })

  test('a guest that will not turn it on', async () => {
    const { agent, domain } = await vm()
    agent.onCommand('guest-set-vcpus', () => {
      throw new Refusal('pwrite("/sys/devices/system/cpu/cpu2/online"): Input/output error')
    })
    await expect(domain.setVcpuState(5, true, { guest: true })).rejects.toMatchObject({
      code: 'ERR_COMMAND',
      outcome: 'partial',
      failedStep: 'online-in-guest',
      cause: { name: 'CommandError' },
    })
    await expect(domain.setVcpuState(4, true, { guest: true, rollback: true })).rejects.toThrow(
      'It was unplugged again',
    )
    expect(String(await domain.getVcpuMap())).toBe('0-1,5')
  })

  test('somebody in the guest who turns it on first does our work', async () => {
    const { qemu, agent, domain } = await vm()
    agent.onCommand('guest-set-vcpus', () => {
      for (const { logicalId } of qemu.guest.seats) qemu.guest.setOnline(logicalId, true)
      throw new Refusal('pwrite("/sys/devices/system/cpu/cpu2/online"): Invalid argument')
    })
    const change = await domain.setVcpuState(5, true, { guest: true })
    expect(change.steps.at(-1)?.step).toBe('online-in-guest')
    expect(String(await domain.getVcpuMap('agent-online'))).toBe('0-2')
  })

  test('QEMU dying while the guest is awaited: unknown, with the connection’s code', async () => {
    const { qemu, domain } = await vm()
    qemu.guest.onPlug = 'ignore'
    const call = domain.setVcpuState(5, true, { guest: true })
    await until(() => changesSent(qemu).length === 1)
    qemu.kill()
    await expect(call).rejects.toMatchObject({ outcome: 'unknown' })
  })
})

describe('unplug, carried through into the guest', () => {
  test('turns off exactly the right CPU first', async () => {
    const { agent, domain } = await vm()
    await domain.setVcpuState(5, true, { guest: true })
    await domain.setVcpuState(3, true, { guest: true })
    const change = await domain.setVcpuState(5, false, { guest: true })
    expect(change.steps.map(({ step }) => step)).toEqual(['offline-in-guest', 'device_del', 'slot-empty'])
    const sent = agent.commands.filter(({ command }) => command === 'guest-set-vcpus').at(-1)
    expect(sent?.arguments).toEqual({ vcpus: [{ 'logical-id': 2, online: false }] })
    expect(String(await domain.getVcpuMap('agent-online'))).toBe('0-1,3')
  })

  test('is refused when it is not sure which that is, unless told otherwise', async () => {
    const { qemu, agent, domain } = await vm({}, { blocked: ['guest-file-open'] })
    await expect(domain.setVcpuState(1, false, { guest: true })).rejects.toMatchObject({
      code: 'ERR_UNSURE',
      outcome: 'not-sent',
    })
    expect([...changesSent(qemu), ...changesSent(agent)]).toEqual([])
    await domain.setVcpuState(1, false, { guest: true, leastConfidence: 'computed' })
    expect(String(await domain.getVcpuMap())).toBe('0')
    await expect(domain.setVcpuState(1, false, { leastConfidence: 'sure' as 'exact' })).rejects.toMatchObject({
      code: 'ERR_CONFIDENCE',
    })
  })

  test('a refusal after it was turned off: the CPU stays off, or is turned on again', async () => {
    const { qemu, domain } = await vm()
    qemu.guest.onUnplug = 'refuse'
    const kept = domain.setVcpuState(1, false, { guest: true })
    await expect(kept).rejects.toMatchObject({
      code: 'ERR_GUEST_REFUSED',
      outcome: 'partial',
      failedStep: 'slot-empty',
    })
    await expect(kept).rejects.toThrow("The guest's CPU 1 stays turned off")
    await domain.setGuestVcpuState(1, true)
    await expect(domain.setVcpuState(1, false, { guest: true, rollback: true })).rejects.toMatchObject({
      outcome: 'rejected',
    })
    expect(String(await domain.getVcpuMap('agent-online'))).toBe('0-1')
  })

  test('a time-out leaves it off: the removal may still come', async () => {
    const { qemu, domain } = await vm()
    qemu.guest.onUnplug = 'ignore'
    const call = domain.setVcpuState(1, false, { guest: true, rollback: true, timeoutMs: 150 })
    await expect(call).rejects.toMatchObject({ code: 'ERR_TIMEOUT', outcome: 'unknown' })
    expect(String(await domain.getVcpuMap('agent-online'))).toBe('0')
  })

  test('a guest that cannot turn it off: nothing is sent', async () => {
    const { qemu, agent, domain } = await vm()
    agent.onCommand('guest-set-vcpus', hang)
    agent.onCommand('guest-get-vcpus', () => [
      { 'logical-id': 0, online: true, 'can-offline': false },
      { 'logical-id': 1, online: true, 'can-offline': false },
    ])
    await expect(domain.setVcpuState(1, false, { guest: true })).rejects.toMatchObject({
      code: 'ERR_NOT_OFFLINABLE',
      outcome: 'not-sent',
    })
    expect(changesSent(qemu)).toEqual([])
  })
})

test('a guest that was reset is asked again by whoever joins', async () => {
  const { qemu, domain } = await vm()
  qemu.guest.onUnplug = 'ignore'
  await expect(domain.setVcpuState(1, false, { timeoutMs: 30 })).rejects.toMatchObject({ outcome: 'unknown' })
  qemu.emit('RESET', { guest: false, reason: 'host-qmp-system-reset' })
  await domain.getVcpuMap()
  qemu.guest.onUnplug = 'remove'
  expect(String((await domain.setVcpuState(1, false)).changed)).toBe('1')
  expect(changesSent(qemu)).toEqual(['device_del', 'device_del'])
})

test('changes are told to whoever listens, late ones too', async () => {
  const { qemu, domain } = await vm()
  const changes = domain.changes()
  await domain.setVcpuState(5, true)
  qemu.guest.onUnplug = 'ignore'
  await expect(domain.setVcpuState(5, false, { timeoutMs: 30 })).rejects.toMatchObject({ outcome: 'unknown' })
  qemu.completePendingUnplug()
  await until(() => domain.pendingRemovals().size === 0)
  await domain.close()
  const told: unknown[] = []
  for await (const change of changes) told.push([change.type, 'late' in change ? change.late : undefined])
  expect(told).toEqual([
    ['plugged', undefined],
    ['unplugged', true],
  ])
})
