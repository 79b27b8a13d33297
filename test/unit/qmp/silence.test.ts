import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { SilenceWatch } from '../../../src/qmp/silence.ts'
import { Deadline } from '../../../src/wire/deadline.ts'
import { lookAtListener } from '../../../src/wire/local-listener.ts'
import { dial, listen } from '../../../src/wire/socket.ts'
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
