import { expect, test } from 'vitest'
import { CommandError, ProtocolError, TimeoutError } from '../../../src/errors/peer-errors.ts'
import type { QgaExecutor } from '../../../src/qga/executor.ts'
import { readGuestTexts } from '../../../src/qga/read-files.ts'
import { Deadline } from '../../../src/wire/deadline.ts'
import { ManualClock, settled } from '../../support/manual-clock.ts'

type File = string | Error | { readonly raw: unknown }

/** A guest with these files; how many were open at once, and what was asked. */
function guestWith(
  files: Readonly<Record<string, File>>,
  onOpen: () => Promise<unknown> | undefined = () => undefined,
) {
  const asked: string[] = []
  const open = new Map<number, string>()
  let last = 0
  let most = 0
  const executor: QgaExecutor = {
    execute: async (command, args) => {
      asked.push(command.slice('guest-file-'.length))
      if (command === 'guest-file-open') {
        await onOpen()
        const path = typeof args?.['path'] === 'string' ? args['path'] : ''
        const file = files[path] ?? new CommandError(command, 'GenericError', 'No such file')
        if (file instanceof Error) throw file
        open.set(++last, path)
        most = Math.max(most, open.size)
        return last
      }
      const handle = Number(args?.['handle'])
      const file = files[open.get(handle) ?? '']
      if (command === 'guest-file-close') {
        open.delete(handle)
        return {}
      }
      if (typeof file === 'object' && 'raw' in file) return file.raw
      const text = String(file)
      return { count: text.length, 'buf-b64': Buffer.from(text).toString('base64'), eof: true }
    },
  }
  return { executor, asked, isOpen: () => open.size, most: () => most }
}

const deadline = () => new Deadline({}, 10_000, new ManualClock())

async function textsOf(executor: QgaExecutor, paths: readonly string[], maxBytes = 100) {
  const texts: (readonly [number, string | undefined])[] = []
  const mayRead = await readGuestTexts(executor, paths, maxBytes, deadline(), (at, text) => texts.push([at, text]))
  return { mayRead, texts: texts.toSorted(([one], [other]) => one - other) }
}

test('each file is handed over with its place, trimmed; one that is missing, too long or odd says nothing', async () => {
  const guest = guestWith({
    '/a': ' 1\n',
    '/b': 'x'.repeat(101),
    '/c': { raw: { count: 3, 'buf-b64': 'YQ==', eof: true } },
    '/e': 'x'.repeat(100),
  })
  expect(await textsOf(guest.executor, ['/a', '/b', '/c', '/d', '/e'])).toEqual({
    mayRead: true,
    texts: [
      [0, '1'],
      [1, undefined],
      [2, undefined],
      [3, undefined],
      [4, 'x'.repeat(100)],
    ],
  })
  expect(guest.isOpen()).toBe(0)
  expect(guest.asked.filter((what) => what.startsWith('open'))).toHaveLength(5)
})

test('no file at all is none', async () => {
  const guest = guestWith({})
  expect(await textsOf(guest.executor, [])).toEqual({ mayRead: true, texts: [] })
  expect(guest.asked).toEqual([])
})

test('so many are open at once, and all are read', async () => {
  const paths = Array.from({ length: 100 }, (_, at) => `/${at}`)
  const guest = guestWith(Object.fromEntries(paths.map((path) => [path, path])))
  const { texts } = await textsOf(guest.executor, paths)
  expect(texts).toEqual(paths.map((path, at) => [at, path]))
  expect(guest.most()).toBeGreaterThan(16)
  expect(guest.most()).toBeLessThanOrEqual(64)
  const few = guestWith({ '/0': 'x', '/1': 'y' })
  await textsOf(few.executor, ['/0', '/1'])
  expect(few.asked.filter((what) => what.startsWith('open'))).toHaveLength(2)
})

test.each(['CommandNotFound', 'CommandDisabled'])(
  '%s: the agent may not read, and is not asked for the rest',
  async (errorClass) => {
    const paths = Array.from({ length: 100 }, (_, at) => `/${at}`)
    const no = new CommandError('guest-file-open', errorClass, 'no')
    const guest = guestWith(Object.fromEntries(paths.map((path) => [path, no])))
    expect(await textsOf(guest.executor, paths)).toEqual({ mayRead: false, texts: [] })
    expect(guest.asked.length).toBeLessThanOrEqual(32)
  },
)

test.each([
  ['a time-out', new TimeoutError('late', { outcome: 'unknown' })],
  ['an answer out of step', new ProtocolError('odd', { outcome: 'unknown' })],
  ['any other error', new Error('broken')],
])('%s ends the batch when those under way have ended, and no other file is opened', async (_, error) => {
  const paths = Array.from({ length: 100 }, (_, at) => `/${at}`)
  const files = Object.fromEntries(paths.map((path): [string, File] => [path, path === '/3' ? error : path]))
  let release = (): void => undefined
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  let opens = 0
  // All that are opened after the one that fails wait.
  const guest = guestWith(files, () => (++opens > 4 ? held : undefined))
  let isOver = false
  const reading = readGuestTexts(guest.executor, paths, 100, deadline(), () => undefined).finally(() => {
    isOver = true
  })
  reading.catch(() => undefined)
  await settled()
  expect(isOver).toBe(false)
  release()
  await expect(reading).rejects.toBe(error)
  await settled()
  expect(guest.isOpen()).toBe(0)
  expect(guest.asked.filter((what) => what.startsWith('open')).length).toBeLessThan(50)
})

test('a reader’s own failure ends the batch, too', async () => {
  const guest = guestWith({ '/a': '1' })
  const bug = new Error('bug')
  await expect(
    readGuestTexts(guest.executor, ['/a'], 100, deadline(), () => {
      throw bug
    }),
  ).rejects.toBe(bug)
})

test('the batch waits for its closes, but not beyond their time', async () => {
  const clock = new ManualClock()
  const guest = guestWith({ '/a': '1' })
  let isRead = false
  const mute: QgaExecutor = {
    execute: (command, args, options) =>
      command === 'guest-file-close' ? new Promise(() => undefined) : guest.executor.execute(command, args, options),
  }
  const reading = readGuestTexts(mute, ['/a'], 100, new Deadline({}, 10_000, clock), () => undefined).then(
    (mayRead) => {
      isRead = true
      return mayRead
    },
  )
  await clock.advance(1_999)
  expect(isRead).toBe(false)
  await clock.advance(1)
  expect(await reading).toBe(true)
  expect(clock.armed).toBe(0)
})
