import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Guest } from '../../packages/guest-kit/src/index.ts'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { Domain, QgaClient, QmpClient } from '../../src/index.ts'
import { runCommand } from '../support/run-command.ts'
import { boot, start } from './support/boot.ts'
import { allMaps } from './support/maps.ts'
import { testedQemu } from './support/tested-qemu.ts'

describe('bad input to a VM that is well', () => {
  let guest: Guest
  let domain: Domain

  beforeAll(async () => {
    guest = await boot()
    domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
  })

  afterAll(async () => {
    await domain.close()
    await guest.stop()
  })

  test.each([
    [-1, true, 'ERR_CPU_ID', '-1'],
    [1.5, true, 'ERR_CPU_ID', '1.5'],
    [Number.NaN, false, 'ERR_CPU_ID', 'NaN'],
    [65_536, true, 'ERR_CPU_ID', '0 to 65535'],
    [8, true, 'ERR_NO_SUCH_VCPU', '0 to 7'],
    [8, false, 'ERR_NO_SUCH_VCPU', '0 to 7'],
    [0, false, 'ERR_NOT_OFFLINABLE', 'boot CPU'],
  ])('setVcpuState(%d, %s) is %s and sends nothing', async (id, online, code, words) => {
    showConsoleOnFailure(guest)
    const before = await allMaps(domain)
    const failure = domain.setVcpuState(id, online)
    await expect(failure).rejects.toMatchObject({ code, outcome: 'not-sent' })
    await expect(failure).rejects.toThrow(words)
    expect(await allMaps(domain)).toEqual(before)
  })

  test.each([
    [-1, true, 'ERR_CPU_ID', '-1'],
    [0.5, true, 'ERR_CPU_ID', '0.5'],
    [77, true, 'ERR_NO_SUCH_VCPU', '0-1'],
    [0, false, 'ERR_NOT_OFFLINABLE', 'CPU 0'],
  ])('setGuestVcpuState(%d, %s) is %s and sends nothing', async (id, online, code, words) => {
    showConsoleOnFailure(guest)
    const failure = domain.setGuestVcpuState(id, online)
    await expect(failure).rejects.toMatchObject({ code, outcome: 'not-sent' })
    await expect(failure).rejects.toThrow(words)
  })

  test('an odd kind of map, state or time-out is named', async () => {
    showConsoleOnFailure(guest)
    await expect(domain.getVcpuMap('offline' as 'online')).rejects.toThrow('expected one of online, onlinable')
    await expect(domain.setVcpuState(1, 'on' as unknown as boolean)).rejects.toThrow(
      'expected true (on) or false (off)',
    )
    await expect(domain.setVcpuState(1, false, { timeoutMs: 0 })).rejects.toMatchObject({ code: 'ERR_TIMEOUT_RANGE' })
    await expect(domain.getVcpuMap('online', { timeoutMs: Number.NaN })).rejects.toMatchObject({
      code: 'ERR_TIMEOUT_RANGE',
    })
  })

  test('an aborted change rejects with an AbortError that has the reason as its cause, and sends nothing', async () => {
    showConsoleOnFailure(guest)
    const reason = new Error('the operator went home')
    const call = domain.setVcpuState(5, true, { signal: AbortSignal.abort(reason) })
    await expect(call).rejects.toMatchObject({ name: 'AbortError', outcome: 'not-sent', cause: reason })
    expect(String(await domain.getVcpuMap())).toBe('0-1')
  })

  test('the monitor and the agent held by another client are told as that', async () => {
    showConsoleOnFailure(guest)
    await expect(QmpClient.connect(guest.qmpPath, { timeoutMs: 8_000 })).rejects.toMatchObject({
      code: 'ERR_MONITOR_BUSY',
      message: expect.stringContaining('another client is connected to this monitor') as string,
    })
    await expect(QgaClient.connect(guest.qgaPath, { timeoutMs: 3_000 })).rejects.toMatchObject({
      code: 'ERR_NO_AGENT_ANSWER',
    })
  })
})

describe('the same through the command', () => {
  let guest: Guest

  beforeAll(async () => {
    guest = await boot()
  })

  afterAll(async () => {
    await guest.stop()
  })

  test.each([
    [['set', '-1', 'on'], 2, 'ERR_CPU_ID'],
    [['set', '1.5', 'on'], 2, 'ERR_CPU_ID'],
    [['set', '8', 'on'], 1, 'ERR_NO_SUCH_VCPU'],
    [['set', '0', 'off'], 1, 'ERR_NOT_OFFLINABLE'],
    [['guest-set', '77', 'off'], 1, 'ERR_NO_SUCH_VCPU'],
    [['guest-set', '0', 'off'], 1, 'ERR_NOT_OFFLINABLE'],
  ])('%j exits with %d and %s', async (words, status, code) => {
    showConsoleOnFailure(guest)
    const run = await runCommand([...words, '--qmp', guest.qmpPath, '--qga', guest.qgaPath, '--json'])
    expect(run.code).toBe(status)
    expect(JSON.parse(run.stdout)).toMatchObject({ error: { code, outcome: 'not-sent' } })
  })

  test('already in that state: done, and nothing changed', async () => {
    showConsoleOnFailure(guest)
    const run = await runCommand(['set', '1', 'on', '--qmp', guest.qmpPath, '--json'])
    expect(run.code).toBe(0)
    expect(JSON.parse(run.stdout)).toMatchObject({ changed: '', outcome: 'done' })
  })

  test('no agent given', async () => {
    showConsoleOnFailure(guest)
    const run = await runCommand(['guest-set', '1', 'off', '--qmp', guest.qmpPath, '--json'])
    expect(run.code).toBe(2)
    expect(run.stdout).toContain('--qga')
  })

  test('not a QMP socket: the agent’s', async () => {
    showConsoleOnFailure(guest)
    const run = await runCommand(['map', '--qmp', guest.qgaPath, '--timeout', '8000', '--json'])
    expect(run.code).toBe(3)
    expect(JSON.parse(run.stdout)).toMatchObject({ error: { code: 'ERR_NOT_QMP' } })
    expect(run.stdout).toContain('it is not a monitor, but the virtio-serial port')
  })

  test('socket held by another client', async () => {
    showConsoleOnFailure(guest)
    await using holder = await QmpClient.connect(guest.qmpPath)
    expect(holder.state).toBe('ready')
    const run = await runCommand(['map', '--qmp', guest.qmpPath, '--timeout', '4000', '--json'])
    expect(run.code).toBe(3)
    expect(JSON.parse(run.stdout)).toMatchObject({ error: { code: 'ERR_MONITOR_BUSY' } })
  })
})

describe('sockets that lead nowhere', () => {
  let directory: string
  let banner: Server

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'vcpu-'))
    banner = createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))
    await new Promise<void>((resolve) => banner.listen(join(directory, 'ssh.sock'), resolve))
  })

  afterAll(async () => {
    banner.close()
    await rm(directory, { recursive: true })
  })

  test.each([
    ['missing.sock', 'ERR_CONNECT', 'no such socket'],
    ['ssh.sock', 'ERR_NOT_QMP', 'SSH-2.0-OpenSSH_9.2'],
  ])('%s: %s', async (name, code, words) => {
    const qmp = join(directory, name)
    await expect(Domain.connect({ qmp })).rejects.toMatchObject({ code })
    await expect(Domain.connect({ qmp })).rejects.toThrow(words)
    const run = await runCommand(['map', '--qmp', qmp, '--json'])
    expect(run.code).toBe(3)
    expect(JSON.parse(run.stdout)).toMatchObject({ error: { code } })
  })
})

test('a guest whose agent does not run: QEMU’s side works, the agent’s says who is silent', async () => {
  await using guest = await boot({ agent: false })
  showConsoleOnFailure(guest)
  await using domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
  const silent = domain.getVcpuMap('agent-online', { timeoutMs: 3_000 })
  const plugged = domain.setVcpuState(4, true)
  await expect(silent).rejects.toMatchObject({ code: 'ERR_NO_AGENT_ANSWER', outcome: 'not-sent' })
  expect(String((await plugged).changed)).toBe('4')
  await domain.close()
  const run = await runCommand(['map', '--qmp', guest.qmpPath, '--qga', guest.qgaPath, '--timeout', '4000', '--json'])
  expect(run.code).toBe(3)
  expect(JSON.parse(run.stdout)).toMatchObject({ error: { code: 'ERR_NO_AGENT_ANSWER' } })
})

test('a machine without hotplug: what runs can be seen, nothing can be changed', async () => {
  await using machine = await start('x86_64', { machine: 'microvm', smp: '2', paused: true })
  showConsoleOnFailure(machine)
  {
    await using domain = await Domain.connect({ qmp: machine.qmpPath })
    expect(JSON.parse(JSON.stringify(await domain.getVcpuMaps()))).toEqual({
      online: '0-1',
      onlinable: '',
      offlinable: '',
      possible: '0-1',
    })
    await expect(domain.setVcpuState(2, true)).rejects.toMatchObject({ code: 'ERR_NO_HOTPLUG', outcome: 'not-sent' })
    await expect(domain.setVcpuState(1, false)).rejects.toThrow('no vCPU hotplug')
    expect((await domain.setVcpuState(1, true)).changed.size).toBe(0)
  }
  const run = await runCommand(['set', '1', 'off', '--qmp', machine.qmpPath, '--json'])
  expect(run.code).toBe(1)
  expect(JSON.parse(run.stdout)).toMatchObject({ error: { code: 'ERR_NO_HOTPLUG', outcome: 'not-sent' } })
})

test('a part of a larger slot: refused with the slot named; the whole slot moves together', async () => {
  const smp = '4,sockets=1,cores=4,threads=4,maxcpus=16'
  if (testedQemu === '7.2') {
    await expect(start('ppc64', { smp, paused: true })).rejects.toThrow('TCG cannot support more than 1 thread/core')
    return
  }
  await using machine = await start('ppc64', { smp, paused: true })
  showConsoleOnFailure(machine)
  {
    await using domain = await Domain.connect({ qmp: machine.qmpPath })
    const refusal = domain.setVcpuState(13, true)
    await expect(refusal).rejects.toMatchObject({ code: 'ERR_PART_OF_SLOT', outcome: 'not-sent' })
    await expect(refusal).rejects.toThrow('12-15')
    await expect(domain.setVcpuState(2, false)).rejects.toThrow('0-3')
    expect(String((await domain.setVcpuState(13, true, { wholeSlot: true })).changed)).toBe('12-15')
    expect(String(await domain.getVcpuMap())).toBe('0-3,12-15')
    await expect(domain.setVcpuState(0, false, { wholeSlot: true })).rejects.toMatchObject({
      code: 'ERR_NOT_OFFLINABLE',
    })
  }
  const refused = await runCommand(['set', '5', 'on', '--qmp', machine.qmpPath, '--json'])
  expect(refused.code).toBe(1)
  expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 'ERR_PART_OF_SLOT' } })
  const whole = await runCommand(['set', '5', 'on', '--whole-slot', '--qmp', machine.qmpPath, '--json'])
  expect(whole.code).toBe(0)
  expect(JSON.parse(whole.stdout)).toMatchObject({ changed: '4-7', outcome: 'done' })
})

test('QEMU killed in the middle of an unplug: the call ends with the connection, its result unknown', async () => {
  await using guest = await boot()
  showConsoleOnFailure(guest)
  await using domain = await Domain.connect({ qmp: guest.qmpPath })
  // A stopped guest cannot answer, so the unplug is surely still under way when QEMU dies.
  await guest.query('stop')
  const ended = expect(domain.setVcpuState(1, false)).rejects.toMatchObject({
    code: 'ERR_CONNECTION_LOST',
    outcome: 'unknown',
  })
  await expect.poll(() => String(domain.pendingRemovals()), { timeout: 60_000 }).toBe('1')
  await guest.stop()
  await ended
  await expect(domain.getVcpuMap()).rejects.toMatchObject({ code: 'ERR_CONNECT' })
})

test('QEMU that dies by itself at an unplug (single-threaded TCG)', async () => {
  await using guest = await boot({ accel: 'tcg,thread=single' })
  await using domain = await Domain.connect({ qmp: guest.qmpPath })
  await expect(domain.setVcpuState(1, false)).rejects.toMatchObject({
    code: 'ERR_CONNECTION_LOST',
    outcome: 'unknown',
  })
})
