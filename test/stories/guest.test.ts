import { describe, expect, test } from 'vitest'
import { Domain, VCPU_MAP_KINDS } from '../../src/index.ts'
import { hang, Refusal, SimulatedQemu } from '../../src/testing/index.ts'
import { testClock } from '../support/passing-clock.ts'
import { changesSent, until, vm } from '../support/simulated-vm.ts'

describe('maps of the guest', () => {
  test('each kind, and what the two sides say after a plug', async () => {
    const { domain } = await vm()
    await domain.setVcpuState(5, true)
    await until(async () => (await domain.getGuestMaps()).possible.size === 3)
    const maps: Record<string, string> = {}
    for (const kind of VCPU_MAP_KINDS) maps[kind] = String(await domain.getVcpuMap(kind))
    expect(maps).toEqual({
      online: '0-1,5',
      onlinable: '2-4,6-7',
      offlinable: '1,5',
      possible: '0-7',
      'agent-online': '0-1',
      'agent-offline': '2',
      'agent-offlinable': '1',
      'agent-onlinable': '2',
      'agent-possible': '0-2',
    })
  })

  test('pseries lists CPUs that are not there: they are onlinable only where nobody can tell', async () => {
    const machine = { kind: 'pseries', threads: 4, maxcpus: 16, bootVcpus: 4 } as const
    const told = await vm(machine)
    expect(String(await told.domain.getVcpuMap('agent-onlinable'))).toBe('')
    expect(String(await told.domain.getVcpuMap('agent-possible'))).toBe('0-15')
    const untold = await vm(machine, { blocked: ['guest-file-open'] })
    expect(String(await untold.domain.getVcpuMap('agent-onlinable'))).toBe('4-15')
  })

  test('a CPU that goes while the agent lists is asked for again', async () => {
    const { agent, domain } = await vm()
    let calls = 0
    agent.onCommand('guest-get-vcpus', (_, usual) => {
      if (calls++ === 0) throw new Refusal('open("/sys/devices/system/cpu/cpu2/"): No such file', 'GenericError')
      return usual()
    })
    expect(String(await domain.getVcpuMap('agent-online'))).toBe('0-1')
    agent.onCommand('guest-get-vcpus', () => {
      throw new Refusal('The command guest-get-vcpus has been disabled', 'CommandNotFound')
    })
    await expect(domain.getVcpuMap('agent-online')).rejects.toMatchObject({ errorClass: 'CommandNotFound' })
  })

  test('without an agent', async () => {
    await using qemu = new SimulatedQemu({ kind: 'x86' })
    await using domain = await Domain.connect({ qmp: qemu.connect(), clock: testClock() })
    await expect(domain.getVcpuMap('agent-online')).rejects.toMatchObject({ code: 'ERR_NO_AGENT' })
    await expect(domain.setGuestVcpuState(1, false)).rejects.toMatchObject({
      code: 'ERR_NO_AGENT',
      outcome: 'not-sent',
    })
    expect((await domain.vcpus()).every(({ guest }) => guest === null)).toBe(true)
  })
})

describe('setGuestVcpuState', () => {
  test('turns one CPU off and on again', async () => {
    const { agent, domain } = await vm()
    expect(String((await domain.setGuestVcpuState(1, false)).changed)).toBe('1')
    expect(String(await domain.getVcpuMap('agent-offline'))).toBe('1')
    expect((await domain.setGuestVcpuState(1, false)).changed.size).toBe(0)
    expect(String((await domain.setGuestVcpuState(1, true)).changed)).toBe('1')
    expect(changesSent(agent)).toEqual(['guest-set-vcpus', 'guest-set-vcpus'])
  })

  test.each([
    [77, false, 'ERR_NO_SUCH_VCPU', 'it lists 0-1'],
    [0, false, 'ERR_NOT_OFFLINABLE', 'cannot be turned off'],
    [-1, false, 'ERR_CPU_ID', '-1'],
  ])('%d %s is %s, and nothing is sent', async (id, online, code, words) => {
    const { agent, domain } = await vm()
    const call = domain.setGuestVcpuState(id, online)
    await expect(call).rejects.toMatchObject({ code, outcome: 'not-sent' })
    await expect(call).rejects.toThrow(words)
    expect(changesSent(agent)).toEqual([])
  })

  test('a refusal of the guest is a rejection', async () => {
    const { agent, domain } = await vm()
    agent.onCommand('guest-set-vcpus', () => {
      throw new Refusal('write(...): Device or resource busy', 'GenericError')
    })
    await expect(domain.setGuestVcpuState(1, false)).rejects.toMatchObject({
      name: 'CommandError',
      outcome: 'rejected',
    })
  })

  test('a yes that the list does not show is not taken for one', async () => {
    const { agent, domain } = await vm()
    agent.onCommand('guest-set-vcpus', () => 1)
    await expect(domain.setGuestVcpuState(1, false)).rejects.toMatchObject({ code: 'ERR_NOT_CONFIRMED' })
  })

  test('an agent that dies in the middle: unknown; one that is silent from the start: not sent', async () => {
    const { agent, domain } = await vm()
    agent.onCommand('guest-set-vcpus', hang)
    await expect(domain.setGuestVcpuState(1, false, { timeoutMs: 100 })).rejects.toMatchObject({ outcome: 'unknown' })
    agent.silent = true
    await expect(domain.setGuestVcpuState(1, false, { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'ERR_NO_AGENT_ANSWER',
      outcome: 'not-sent',
    })
  })
})

test('a mute agent holds up nothing of QEMU’s side, nor the monitor the agent', async () => {
  const { qemu, agent, domain } = await vm()
  agent.silent = true
  const mute = domain.setGuestVcpuState(1, false, { timeoutMs: 200 }).catch((error: unknown) => error)
  expect(String((await domain.setVcpuState(5, true)).changed)).toBe('5')
  await mute
  agent.silent = false
  qemu.onCommand('device_add', hang)
  const stuck = domain.setVcpuState(6, true, { timeoutMs: 200 }).catch((error: unknown) => error)
  expect(String((await domain.setGuestVcpuState(1, false)).changed)).toBe('1')
  await stuck
})

test('reads do not wait for a change under way', async () => {
  const { qemu, domain } = await vm()
  qemu.guest.onUnplug = 'ignore'
  const change = domain.setVcpuState(1, false)
  await until(() => qemu.pendingUnplugs.length === 1)
  expect(String(await domain.getVcpuMap())).toBe('0-1')
  let isOver = false
  const next = domain.setVcpuState(5, true).finally(() => {
    isOver = true
  })
  await domain.getVcpuMap()
  expect(isOver).toBe(false)
  qemu.completePendingUnplug()
  await change
  await next
})

describe('which CPU of the guest a vCPU is', () => {
  test('x86: exactly, by the ACPI path, in both directions', async () => {
    const { domain } = await vm()
    await domain.setVcpuState(5, true, { guest: true })
    await domain.setVcpuState(3, true, { guest: true })
    const rows = await domain.vcpus()
    expect(rows[5]?.guest).toEqual({ id: 2, online: true, canOffline: true, confidence: 'exact' })
    expect(rows[3]?.guest).toMatchObject({ id: 3, confidence: 'exact' })
    expect(rows[2]?.guest).toBeNull()
    expect(await domain.guestCpuToVcpu(2)).toMatchObject({ id: 5 })
    expect(await domain.guestCpuToVcpu(7)).toBeNull()
    await expect(domain.guestCpuToVcpu(-1)).rejects.toMatchObject({ code: 'ERR_CPU_ID' })
  })

  test('pseries: a core that was plugged, thread by thread', async () => {
    const { domain } = await vm({ kind: 'pseries', threads: 4, maxcpus: 16, bootVcpus: 4 })
    await domain.setVcpuState(12, true, { wholeSlot: true, guest: true })
    expect(
      (await domain.vcpus()).filter(({ id }) => id >= 12).map(({ guest }) => [guest?.id, guest?.confidence]),
    ).toEqual([
      [4, 'exact'],
      [5, 'exact'],
      [6, 'exact'],
      [7, 'exact'],
    ])
  })

  test('s390x: by the CPU address', async () => {
    const { domain } = await vm({ kind: 's390x', bootVcpus: 2, maxcpus: 8 })
    await domain.setVcpuState(5, true, { guest: true })
    expect((await domain.vcpus())[5]?.guest).toMatchObject({ id: 2, confidence: 'exact' })
  })

  test('without files: computed for those of -smp, observed where a change was seen, not known for the rest', async () => {
    const { qemu, domain } = await vm({}, { blocked: ['guest-file-open'] })
    await domain.setVcpuState(5, true, { guest: true })
    // Plugged by somebody else, and so not seen.
    qemu.guest.onPlug = 'ignore'
    await domain.setVcpuState(2, true)
    const sides = (await domain.vcpus()).map(({ guest }) => (guest === null ? null : `${guest.id} ${guest.confidence}`))
    expect(sides).toEqual(['0 computed', '1 computed', 'null unknown', null, null, '2 observed', null, null])
  })

  test('a reset of the guest makes it forget what was observed', async () => {
    const { qemu, domain } = await vm({}, { blocked: ['guest-file-open'] })
    await domain.setVcpuState(5, true, { guest: true })
    qemu.emit('RESET', { guest: true, reason: 'guest-reset' })
    expect((await domain.vcpus())[5]?.guest?.confidence).not.toBe('observed')
  })

  test('two CPUs of the guest that claim to be one vCPU are neither', async () => {
    const { agent, domain } = await vm()
    agent.onCommand('guest-file-read', () => {
      const text = '\\_SB_.CPUS.C001\n'
      return { count: text.length, 'buf-b64': Buffer.from(text).toString('base64'), eof: true }
    })
    const plugged = (await domain.vcpus()).filter(({ online }) => online)
    expect(plugged.map(({ guest }) => guest?.confidence)).toEqual(['unknown', 'unknown'])
  })
})
