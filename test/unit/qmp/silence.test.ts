import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { silenceError, SilenceWatch } from '../../../src/qmp/silence.ts'
import { Deadline } from '../../../src/wire/deadline.ts'
import { lookAtListener, type LocalListener } from '../../../src/wire/local-listener.ts'
import { listen } from '../../../src/wire/listen.ts'
import { dial } from '../../../src/wire/socket.ts'
import { ManualClock, settled } from '../../support/manual-clock.ts'

/** A UNIX socket that accepts whoever comes, says nothing, and has so many clients. */
async function muteSocket(clients: number): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'vcpu-'))
  const path = join(directory, 'mute.sock')
  let accepted = 0
  const listener = await listen(path, (socket) => {
    accepted++
    socket.resume()
  })
  onTestFinished(async () => {
    await listener.close()
    await rm(directory, { recursive: true })
  })
  for (let client = 0; client < clients; client++) {
    const socket = await dial(path)
    onTestFinished(() => void socket.destroy())
  }
  while (accepted < clients) await settled()
  return path
}

test('who listens, and how many clients it has', async () => {
  for (const clients of [0, 2]) {
    const path = await muteSocket(clients)
    expect(await lookAtListener(path)).toMatchObject({
      accepted: clients,
      waiting: 0,
      processes: [{ pid: process.pid, state: 'running' }],
    })
  }
  expect(await lookAtListener('/nonexistent/qmp.sock')).toBeUndefined()
})

/** What is said of a socket when the time for its greeting is over. */
async function errorFor(path: string | undefined, isSeen: boolean) {
  const clock = new ManualClock()
  const watch = new SilenceWatch('the monitor', path, new Deadline({}, 5_000, clock))
  onTestFinished(() => {
    watch.end()
  })
  const before = watch.error().message
  await clock.advance(4_000)
  while (isSeen && watch.error().message === before) await settled()
  return watch.error()
}

test('another client is seen to be connected', async () => {
  const error = await errorFor(await muteSocket(2), true)
  expect(error.code).toBe('ERR_MONITOR_BUSY')
  expect(error.message).toContain('another client is connected')
})

test('no client has a connection, and none is accepted', async () => {
  const error = await errorFor(await muteSocket(0), true)
  expect(error.code).toBe('ERR_MONITOR_HANGS')
  expect(error.message).toContain(`process ${process.pid} (`)
})

test.each([
  ['what accepts and does not greet may be a shim in front of a monitor', () => muteSocket(1)],
  ['what is no path cannot be looked at', () => Promise.resolve(undefined)],
])('%s: it is probably held', async (_, make) => {
  const error = await errorFor(await make(), false)
  expect(error.code).toBe('ERR_MONITOR_BUSY')
  expect(error.message).toContain('another client probably holds this monitor')
})

test('a wait that is over looks no longer', () => {
  const clock = new ManualClock()
  const watch = new SilenceWatch('the monitor', '/nonexistent', new Deadline({}, 5_000, clock))
  expect(clock.armed).toBe(1)
  watch.end()
  expect(clock.armed).toBe(0)
})

const qemu = { pid: 7, name: 'qemu', state: 'running' } as const
const listener = { accepted: 0, waiting: 0, processes: [qemu] }
const BUSY = 'another client is connected to this monitor (QEMU serves one at a time)'
const PROBABLY = 'another client probably holds this monitor (QEMU serves one at a time), or it is not a QMP monitor'

test.each<[string, LocalListener | undefined, string | undefined, string, string]>([
  ['nothing was seen', undefined, undefined, 'ERR_MONITOR_BUSY', PROBABLY],
  [
    'no client has it',
    listener,
    undefined,
    'ERR_MONITOR_HANGS',
    'no connection is accepted by process 7 (qemu), and no client has one',
  ],
  [
    'no client has it, owner unknown',
    { ...listener, processes: [] },
    undefined,
    'ERR_MONITOR_HANGS',
    'no connection is accepted, and no client has one',
  ],
  [
    'it waits',
    { ...listener, waiting: 3 },
    undefined,
    'ERR_MONITOR_HANGS',
    'no connection is accepted by process 7 (qemu), and no client has one',
  ],
  ['one has it', { ...listener, accepted: 1 }, undefined, 'ERR_MONITOR_BUSY', PROBABLY],
  ['one has it and one waits', { ...listener, accepted: 1, waiting: 1 }, undefined, 'ERR_MONITOR_BUSY', BUSY],
  ['two have it', { ...listener, accepted: 2 }, undefined, 'ERR_MONITOR_BUSY', BUSY],
  [
    'it is a port',
    { ...listener, accepted: 2 },
    'org.qemu.guest_agent.0',
    'ERR_NOT_QMP',
    'it is not a monitor, but the virtio-serial port org.qemu.guest_agent.0',
  ],
  [
    'it is a port of an odd name',
    listener,
    `\u001b${'x'.repeat(100)}`,
    'ERR_NOT_QMP',
    `it is not a monitor, but the virtio-serial port \\u{1b}${'x'.repeat(59)}… (101 characters)`,
  ],
  [
    'it is stopped',
    { ...listener, processes: [{ ...qemu, state: 'stopped' }] },
    'port',
    'ERR_PROCESS_STOPPED',
    'process 7 (qemu), which listens there, is stopped (SIGSTOP)',
  ],
  [
    'it is traced',
    { ...listener, processes: [{ ...qemu, state: 'traced' }] },
    undefined,
    'ERR_PROCESS_STOPPED',
    'process 7 (qemu), which listens there, is held by a debugger',
  ],
  [
    'one is stopped, one traced',
    {
      ...listener,
      processes: [
        { ...qemu, state: 'traced' },
        { pid: 8, name: '\u001b', state: 'stopped' },
      ],
    },
    undefined,
    'ERR_PROCESS_STOPPED',
    'process 7 (qemu) and process 8 (\\u{1b}), which listens there, is stopped (SIGSTOP)',
  ],
  [
    'one of two is stopped',
    { ...listener, accepted: 1, processes: [{ ...qemu, state: 'stopped' }, qemu] },
    undefined,
    'ERR_MONITOR_BUSY',
    PROBABLY,
  ],
])('%s', (_, seen, port, code, words) => {
  expect(silenceError('it is silent', seen, port)).toMatchObject({
    name: 'ConnectionError',
    code,
    message: `it is silent: ${words}`,
  })
})

test('a look is taken once, when six tenths of the time are over, and only at a path', async () => {
  const clock = new ManualClock()
  const watch = new SilenceWatch('the monitor', '/nonexistent/qmp.sock', new Deadline({}, 1_000, clock))
  expect(clock.armed).toBe(1)
  await clock.advance(599)
  expect(clock.armed).toBe(1)
  await clock.advance(1)
  expect(clock.armed).toBe(0)
  expect(watch.error().message).toBe(`the monitor did not greet within 1000 ms: ${PROBABLY}`)
  watch.end()
  new SilenceWatch('the monitor', undefined, new Deadline({}, 1_000, clock)).end()
  const over = new Deadline({}, 1_000, clock)
  await clock.advance(2_000)
  const late = new SilenceWatch('the monitor', '/nonexistent/qmp.sock', over)
  expect(clock.armed).toBe(1)
  late.end()
  expect(clock.armed).toBe(0)
})

/** Looks at a socket that shows `seen`, until the time for the greeting is over; when each look was, in milliseconds. */
async function looksAt(seen: LocalListener | undefined, endAtMs = Infinity): Promise<number[]> {
  const clock = new ManualClock()
  const startMs = clock.now()
  const looks: number[] = []
  const lookAt = (path: string): Promise<LocalListener | undefined> => {
    expect(path).toBe('/run/qmp.sock')
    looks.push(clock.now() - startMs)
    return Promise.resolve(seen)
  }
  const watch = new SilenceWatch('the monitor', '/run/qmp.sock', new Deadline({}, 1_000, clock), lookAt)
  for (let ms = 0; ms < 1_100; ms += 25) {
    if (ms === endAtMs) watch.end()
    await clock.advance(25)
    await settled()
  }
  watch.end()
  expect(clock.armed).toBe(0)
  return looks
}

/** Without processes, whose files would be looked at. */
const hangs = { accepted: 0, waiting: 1, processes: [] }

test('a monitor that only hangs is looked at again, each time when half of what is left is over', async () => {
  expect(await looksAt(hangs)).toEqual([600, 800, 900, 950])
})

test('what is known to be held, and what cannot be seen, is looked at once', async () => {
  expect(await looksAt({ ...hangs, accepted: 2 })).toEqual([600])
  expect(await looksAt(undefined)).toEqual([600])
})

test('not once the wait is over', async () => {
  expect(await looksAt(hangs, 650)).toEqual([600])
  expect(await looksAt(hangs, 0)).toEqual([])
})
