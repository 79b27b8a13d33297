// A wrong command line is answered in one line that names what was typed and the way out, with status 2; no VM hears of it.
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCommand } from '../../support/run-command.ts'
import { documentOf } from './expect-failure.ts'
import { WRONG_LINES } from './wrong-lines.ts'

let folder: string
let connections = 0
const servers: Server[] = []

/** A socket that counts who connects. */
function listen(path: string): Promise<void> {
  const server = createServer((socket) => {
    connections++
    socket.destroy()
  })
  servers.push(server)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qemu-vcpu-wrong-'))
  await Promise.all(['qmp.sock', 'qga.sock'].map((name) => listen(join(folder, name))))
})

afterAll(async () => {
  for (const server of servers) server.close()
  await rm(folder, { recursive: true })
})

/** The arguments, with the sockets where `@` stands. */
function withSockets(argv: readonly string[]): readonly string[] {
  const qmp = ['--qmp', join(folder, 'qmp.sock')]
  return argv.flatMap((word) => {
    if (word === '@') return [...qmp, '--qga', join(folder, 'qga.sock')]
    return word === '@qmp' ? qmp : [word]
  })
}

const lines = WRONG_LINES.map((line) => [line.argv.join(' '), line] as const)

describe.each(lines)('qemu-vcpu %s', (_, { argv, names, wayOut }) => {
  test('is answered in one line for people', async () => {
    const run = await runCommand(withSockets(argv))
    expect(run.code).toBe(2)
    if (!argv.some((word) => word.startsWith('--json'))) expect(run.stdout).toBe('')
    expect(run.stderr).toMatch(/^qemu-vcpu: [\x20-\x7e]+\n$/)
    expect(run.stderr).toContain(names)
    expect(run.stderr).toMatch(wayOut)
    expect(connections).toBe(0)
  })

  test('and in one document for scripts', async () => {
    // Before a `--`, after which all are operands.
    const run = await runCommand(['--json', ...withSockets(argv)])
    expect(run.code).toBe(2)
    expect(documentOf(run)).toEqual({
      error: {
        code: expect.stringMatching(/^ERR_/) as unknown,
        message: expect.stringMatching(wayOut) as unknown,
        outcome: 'not-sent',
      },
    })
    expect(run.stderr).toMatch(/^qemu-vcpu: [\x20-\x7e]+\n$/)
    expect(connections).toBe(0)
  })
})

test('there are a hundred of them and more, and no two are the same', () => {
  const all = WRONG_LINES.map(({ argv }) => argv.join(' '))
  expect(new Set(all).size).toBe(all.length)
  expect(all.length).toBeGreaterThanOrEqual(100)
})

test('the sockets do count: a right command line connects', async () => {
  const before = connections
  await runCommand(withSockets(['map', '@qmp']))
  expect(connections).toBeGreaterThan(before)
  connections = 0
})
