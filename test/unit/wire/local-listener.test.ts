import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { lookAtListener, readOrNothing } from '../../../src/wire/local-listener.ts'

const PATH = '/run/vm 1/qmp.sock'
const HEAD = 'Num               RefCount Protocol Flags    Type St Inode Path'
const listener = (inode: number, path = PATH) => `ffff8ea4c3b1a800: 00000002 00000000 00010000 0001 01 ${inode} ${path}`
const accepted = (inode: number, path = PATH) => `ffff8ea4c3b1b000: 00000003 00000000 00000000 0001 03 ${inode} ${path}`
const waiting = (inode: number, path = PATH) =>
  `ffff8ea4c3b1b800: 00000002 00000000 00000000 0001 02     ${inode} ${path}`
const nameless = 'ffff8ea4c3b1c000: 00000003 00000000 00000000 0001 03 99'

interface Holder {
  readonly fds?: Readonly<Record<string, string>>
  readonly stat?: string
}

/** What a kernel shows: its sockets, and its processes by pid. */
async function kernel(
  lines: readonly string[] | undefined,
  processes: Readonly<Record<string, Holder>> = {},
): Promise<string> {
  const proc = await mkdtemp(join(tmpdir(), 'vcpu-proc-'))
  onTestFinished(() => rm(proc, { recursive: true }))
  await mkdir(join(proc, 'net'))
  if (lines !== undefined) await writeFile(join(proc, 'net', 'unix'), `${[HEAD, ...lines].join('\n')}\n`)
  for (const [pid, { fds = {}, stat }] of Object.entries(processes)) {
    await mkdir(join(proc, pid, 'fd'), { recursive: true })
    for (const [fd, target] of Object.entries(fds)) await symlink(target, join(proc, pid, 'fd', fd))
    if (stat !== undefined) await writeFile(join(proc, pid, 'stat'), stat)
  }
  return proc
}

const NONE = { accepted: 0, waiting: 0, processes: [] }

describe('a UNIX socket, seen through /proc', () => {
  test('is counted by the connections that were accepted and that wait, of that path alone', async () => {
    const proc = await kernel([
      nameless,
      listener(10),
      accepted(11),
      accepted(12),
      waiting(13),
      accepted(14, `${PATH}.other`),
      waiting(15, '/run/other'),
      listener(16, '/run/other'),
    ])
    expect(await lookAtListener(PATH, proc)).toEqual({ accepted: 2, waiting: 1, processes: [] })
    expect(await lookAtListener('/run/other', proc)).toEqual({ accepted: 0, waiting: 1, processes: [] })
  })

  test.each<[what: string, lines: readonly string[] | undefined]>([
    ['nothing listens there', [accepted(11)]],
    ['two listen there', [listener(10), listener(20)]],
    ['the kernel has no such table', undefined],
    [
      'the lines are of another form',
      [PATH, `x ${PATH}`, `1: 2 3 00010000 5 ZZ 10 ${PATH}`, `1: 2 3 00010000 5 01 1O ${PATH}`],
    ],
    ['the path is only a part of it', [listener(10, `/chroot${PATH}`)]],
  ])('is not known where %s', async (_, lines) => {
    expect(await lookAtListener(PATH, await kernel(lines))).toBeUndefined()
  })

  test('is held by the processes that have it open, each with its name and state', async () => {
    const fds = { 0: '/dev/null', 7: 'socket:[10]' }
    const proc = await kernel([listener(10)], {
      31: { fds, stat: '31 (qemu-system-x86) S 1 31 31' },
      32: { fds, stat: '32 (a (b) c) T 1 32' },
      33: { fds, stat: '33 (new\nline) t 1 33' },
      34: { fds: { 7: 'socket:[100]', 8: 'socket:[1]' }, stat: '34 (other) S 1' },
      35: { fds },
      36: { fds, stat: 'gibberish' },
      '37x': { fds, stat: '37 (no pid) S 1' },
      x38: { fds, stat: '38 (no pid) S 1' },
    })
    const seen = await lookAtListener(PATH, proc)
    expect(seen?.processes.toSorted((a, b) => a.pid - b.pid)).toEqual([
      { pid: 31, name: 'qemu-system-x86', state: 'running' },
      { pid: 32, name: 'a (b) c', state: 'stopped' },
      { pid: 33, name: 'new\nline', state: 'traced' },
    ])
  })

  test('a process whose descriptors may not be seen, or that is gone, holds nothing', async () => {
    const proc = await kernel([listener(10)], { 41: { fds: { 3: 'socket:[10]' }, stat: '41 (held) S 1' } })
    await mkdir(join(proc, '42'))
    await writeFile(join(proc, '43'), 'no directory')
    await mkdir(join(proc, '44', 'fd'), { recursive: true })
    await writeFile(join(proc, '44', 'fd', '1'), 'no link')
    expect((await lookAtListener(PATH, proc))?.processes).toEqual([{ pid: 41, name: 'held', state: 'running' }])
  })

  test('on a host without /proc', async () => {
    expect(await lookAtListener(PATH, '/nonexistent')).toBeUndefined()
    expect(await lookAtListener(PATH, await kernel([listener(10)]))).toEqual(NONE)
  })
})

test('a file that cannot be read has no text; what is not about the file is thrown', async () => {
  expect(await readOrNothing('/nonexistent/file')).toBeUndefined()
  const proc = await kernel([])
  expect(await readOrNothing(join(proc, 'net', 'unix'))).toBe(`${HEAD}\n`)
})
