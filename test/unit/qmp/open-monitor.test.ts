import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openMonitor } from '../../../src/qmp/index.ts'
import { until } from '../../support/passing-clock.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { RuntimeMonitors, type Failure } from './runtime-monitors.ts'

// Real sockets and files: time enough on the busiest host.
const OPTIONS = { timeoutMs: 60_000 }

test('the stream leads to a monitor that ends with it, and nothing is left in the file system', async () => {
  const qemu = new RuntimeMonitors()
  const monitor = await openMonitor(qemu, OPTIONS)
  expect(qemu.directoryMode).toBe(0o700)
  expect(existsSync(dirname(qemu.path))).toBe(false)
  expect(qemu.left).toHaveLength(2)
  const [greeting] = (await once(monitor, 'data')) as [Buffer]
  expect(String(greeting)).toBe('{"QMP": {}}\r\n')
  expect(qemu.commands).toEqual(['qom-list-properties', 'chardev-add', 'object-add'])
  monitor.destroy()
  await until(() => qemu.left.length === 0)
})

test('what QEMU is asked for, word by word', async () => {
  const qemu = new RuntimeMonitors()
  const monitor = await openMonitor(qemu, OPTIONS)
  const [id] = qemu.left
  expect(id).toMatch(/^qemu-vcpu-[0-9a-f]{12}$/)
  const addr = { type: 'unix', data: { path: qemu.path } }
  expect(qemu.asked).toEqual([
    ['qom-list-properties', { typename: 'monitor-qmp' }],
    ['chardev-add', { id, backend: { type: 'socket', data: { addr, server: true, wait: false } } }],
    ['object-add', { 'qom-type': 'monitor-qmp', id, chardev: id, 'close-action': 'delete' }],
  ])
  monitor.destroy()
  await until(() => qemu.left.length === 0)
})

test('each has a name of its own', async () => {
  const qemu = new RuntimeMonitors()
  const both = await Promise.all([openMonitor(qemu, OPTIONS), openMonitor(qemu, OPTIONS)])
  expect(new Set(qemu.left).size).toBe(2)
  for (const monitor of both) monitor.destroy()
  await until(() => qemu.left.length === 0)
})

test('in a directory of the caller’s: only the socket is removed', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'qemu-vcpu-test-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const qemu = new RuntimeMonitors()
  const monitor = await openMonitor(qemu, { ...OPTIONS, directory })
  expect(dirname(qemu.path)).toBe(directory)
  expect(await readdir(directory)).toEqual([])
  monitor.destroy()
  await until(() => qemu.left.length === 0)
})

test.each<[string, readonly string[] | undefined]>([
  ['no such type', undefined],
  ['a type that stays when its client leaves', ['chardev']],
])('a QEMU that cannot: %s', async (_, properties) => {
  const qemu = new RuntimeMonitors()
  qemu.properties = properties
  await expect(openMonitor(qemu, OPTIONS)).rejects.toMatchObject({
    name: 'ConnectionError',
    code: 'ERR_NO_RUNTIME_MONITOR',
    outcome: 'not-sent',
    message:
      'QEMU 10.0.13 cannot make a monitor while it runs: it has no monitor-qmp with close-action, which came with 11.1',
  })
  expect(qemu.commands).toEqual(['qom-list-properties', 'query-version'])
})

describe('what was begun is undone', () => {
  test.each<[string, Failure, string]>([
    ['chardev-add', 'refused', 'ERR_COMMAND'],
    ['chardev-add', 'lost', 'ERR_TIMEOUT'],
    ['chardev-add', 'lost on its way', 'ERR_TIMEOUT'],
    ['object-add', 'refused', 'ERR_COMMAND'],
    ['object-add', 'lost', 'ERR_TIMEOUT'],
    ['object-add', 'lost on its way', 'ERR_TIMEOUT'],
  ])('%s %s', async (command, failure, code) => {
    const qemu = new RuntimeMonitors()
    qemu.failures.set(command, failure)
    await expect(openMonitor(qemu, OPTIONS)).rejects.toMatchObject({ code })
    expect(qemu.left).toEqual([])
    expect(qemu.path === '' || !existsSync(dirname(qemu.path))).toBe(true)
    if (failure === 'refused' && command === 'chardev-add') expect(qemu.commands.at(-1)).toBe(command)
  })

  test('a socket that cannot be reached from here', async () => {
    const qemu = new RuntimeMonitors()
    qemu.isElsewhere = true
    await expect(openMonitor(qemu, OPTIONS)).rejects.toMatchObject({ code: 'ERR_CONNECT' })
    expect(qemu.left).toEqual([])
  })

  test('an abort', async () => {
    const qemu = new RuntimeMonitors()
    qemu.failures.set('object-add', 'never answered')
    const abort = new AbortController()
    const opening = openMonitor(qemu, { ...OPTIONS, signal: abort.signal })
    await until(() => qemu.commands.includes('object-add'))
    const reason = new Error('not any more')
    abort.abort(reason)
    await expect(opening).rejects.toBe(reason)
    expect(qemu.left).toEqual([])
  })

  test('an abort before anything', async () => {
    const qemu = new RuntimeMonitors()
    const signal = AbortSignal.abort(new Error('not at all'))
    await expect(openMonitor(qemu, { signal })).rejects.toBe(signal.reason)
    expect(qemu.commands).toEqual([])
  })
})

describe('what cannot be undone is named', () => {
  test.each<[Failure, RegExp]>([
    [
      'refused',
      /^cannot open a monitor: object-add: Permission denied; its character device qemu-vcpu-\w+ stays: Permi/,
    ],
    ['lost on its way', /; whether its character device qemu-vcpu-\w+ stays is not known: chardev-remove: no answer$/],
  ])('chardev-remove %s', async (failure, message) => {
    const qemu = new RuntimeMonitors()
    qemu.failures.set('object-add', 'refused')
    qemu.failures.set('chardev-remove', failure)
    const cause = { name: 'CommandError', command: 'object-add' }
    await expect(openMonitor(qemu, OPTIONS)).rejects.toMatchObject({ code: 'ERR_CONNECT', message, cause })
    expect(qemu.left).toHaveLength(1)
    qemu.failures.clear()
    await qemu.execute('chardev-remove', { id: qemu.left[0] })
  })
})

test('an executor that never settles', async () => {
  const clock = new ManualClock()
  const opening = openMonitor({ execute: () => new Promise(() => undefined) }, { timeoutMs: 500, clock })
  const rejection = expect(opening).rejects.toMatchObject({ code: 'ERR_TIMEOUT' })
  await clock.advance(500)
  await rejection
})
