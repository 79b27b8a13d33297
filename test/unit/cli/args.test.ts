import { describe, expect, it } from 'vitest'
import { readRequest, type Request } from '../../../src/cli/args.ts'
import { asksForJson, splitCommandLine } from '../../../src/cli/command-line.ts'

async function runRequest(...argv: string[]): Promise<Request & { kind: 'run' }> {
  const request = await readRequest(argv)
  if (request.kind !== 'run') throw new Error(`it was read as ${request.kind}`)
  return request
}

describe('a command line', () => {
  it('is read in any order', async () => {
    const { verb, target } = await runRequest(
      '--timeout',
      '250',
      'set',
      '--qmp=/q',
      '5',
      '--whole-slot',
      'on',
      '--qga',
      'h:1',
    )
    expect(verb.name).toBe('set')
    expect(target).toEqual({ qmp: '/q', qga: { host: 'h', port: 1 }, timeoutMs: 250 })
  })

  it('leaves out what was not given', async () => {
    expect((await runRequest('map', '--qmp', '/q')).target).toStrictEqual({ qmp: '/q' })
  })

  it('takes the last of an option that is given twice', async () => {
    expect((await runRequest('map', '--qmp', '/a', '--qmp', '/b')).target.qmp).toBe('/b')
  })

  it.each([
    [
      ['set', '-1', 'on'],
      ['set', '-1', 'on'],
    ],
    [
      ['set', '-12', 'on'],
      ['set', '-12', 'on'],
    ],
    [
      ['set', '-1.5', '-0x5'],
      ['set', '-1.5', '-0x5'],
    ],
    [
      ['set', '-1h'],
      ['set', '-1h'],
    ],
    [
      ['set', '--', '-1', '--json'],
      ['set', '-1', '--json'],
    ],
  ])('%j keeps negative numbers as words', (argv, words) => {
    expect(splitCommandLine(argv).words).toEqual(words)
  })

  it.each([
    [['map', '--json'], true],
    [['--json'], true],
    [['map', '--qmp', '--json'], true],
    [['map', '--json=yes'], true],
    [['map', '--bogus', '--json'], true],
    [['map', '--', '--json'], false],
    [['map', '--jsonl'], false],
    [[], false],
  ])('%j asks for JSON: %j', (argv, asks) => {
    expect(asksForJson(argv)).toBe(asks)
  })
})

describe('help and version', () => {
  it.each([
    [['--help'], undefined],
    [['-h'], undefined],
    [['help'], undefined],
    [['help', 'set'], 'set'],
    [['set', '--help'], 'set'],
    [['set', '-1', '-h'], 'set'],
  ])('%j asks for help with %j', async (argv, name) => {
    const request = await readRequest(argv)
    expect(request.kind === 'help' && [request.verb?.name]).toEqual([name])
  })

  it('needs no verb to tell the version', async () => {
    expect(await readRequest(['--version'])).toEqual({ kind: 'version' })
  })
})
