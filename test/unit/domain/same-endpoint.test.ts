import type { Duplex } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { requireTwoEndpoints } from '../../../src/domain/same-endpoint.ts'
import { Domain, InputError, type DomainOptions } from '../../../src/index.ts'
import { memoryPair } from '../../../src/wire/memory-duplex.ts'
import { runCommand } from '../../support/run-command.ts'
import { thrownBy } from '../../support/thrown-by.ts'
import { documentOf } from '../cli/expect-failure.ts'

type Pair = readonly [qmp: DomainOptions['qmp'], qga: DomainOptions['qga']]

const dial = (): Duplex => memoryPair()[0]
const [duplex] = memoryPair()
const both = { execute: () => Promise.resolve({}) }

test.each<Pair>([
  ['/run/vm1.sock', '/run/vm1.sock'],
  ['unix:/run/vm1.sock', '/run/vm1.sock'],
  ['/run/vm1.sock', 'unix:/run/vm1.sock,server=on,wait=off'],
  ['/run//vm1.sock', '/run/x/../vm1.sock'],
  ['vm1.sock', './vm1.sock'],
  [{ host: 'localhost', port: 4_444 }, 'tcp:localhost:4444'],
  [{ host: '127.0.0.1', port: 4_444 }, 'tcp::4444,server=on'],
  [{ host: '::1', port: 4_444 }, 'telnet:[::1]:4444'],
  [
    { host: 'LOCALHOST', port: 4_444 },
    { host: '::1', port: 4_444 },
  ],
  [dial, dial],
  [duplex, duplex],
])('the same: %s and %s', (qmp, qga) => {
  expect(
    thrownBy(() => {
      requireTwoEndpoints({ qmp, qga })
    }),
  ).toMatchObject({
    name: 'InputError',
    code: 'ERR_SAME_ADDRESS',
    outcome: 'not-sent',
  })
})

test.each<Pair>([
  ['/run/qmp.sock', '/run/qga.sock'],
  ['/run/qmp.sock', { host: 'localhost', port: 4_444 }],
  [
    { host: '127.0.0.1', port: 4_444 },
    { host: '::1', port: 4_444 },
  ],
  [
    { host: 'localhost', port: 4_444 },
    { host: 'localhost', port: 4_445 },
  ],
  [
    { host: 'one.example', port: 4_444 },
    { host: 'localhost', port: 4_444 },
  ],
  [dial, () => dial()],
  // A daemon's executor may serve both protocols.
  [both, both],
  ['/run/qmp.sock', undefined],
  [undefined, '/run/qga.sock'],
])('two places: %s and %s', (qmp, qga) => {
  expect(() => {
    requireTwoEndpoints({ qmp, qga })
  }).not.toThrow()
})

test('Domain.connect says so at once, and names both', async () => {
  const error = await Domain.connect({ qmp: '/run/\u001bvm', qga: 'unix:/run/\u001bvm' }).catch((each: unknown) => each)
  expect(error).toBeInstanceOf(InputError)
  expect(error).toMatchObject({
    message:
      "qmp (/run/\\u{1b}vm) and qga (unix:/run/\\u{1b}vm) are the same: QEMU's monitor and the guest agent have a socket each",
  })
})

describe('the command', () => {
  const same = ['--qmp', 'unix:/nonexistent/a', '--qga', '/nonexistent/a'] as const

  test.each(['map', 'list', 'scale 2', 'watch', 'export'])('%s exits with 2 and one line', async (verb) => {
    const run = await runCommand([...verb.split(' '), ...same])
    expect(run).toMatchObject({ code: 2, stdout: '' })
    expect(run.stderr).toMatch(/^qemu-vcpu: qmp \(.*\) and qga \(.*\) are the same: [^\n]*\n$/)
    const { error } = documentOf(await runCommand([...verb.split(' '), '--json', ...same])) as { error?: object }
    expect(error).toMatchObject({ code: 'ERR_SAME_ADDRESS', outcome: 'not-sent' })
  })

  test('doctor has it as a finding too', async () => {
    const run = await runCommand(['doctor', '--json', ...same])
    expect(run.code).toBe(2)
    expect(documentOf(run)).toMatchObject({
      error: { code: 'ERR_SAME_ADDRESS' },
      findings: [{ code: 'same-socket', severity: 'blocks' }],
    })
  })
})
