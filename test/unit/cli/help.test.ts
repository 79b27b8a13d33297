import { describe, expect, it } from 'vitest'
import manifest from '../../../package.json' with { type: 'json' }
import { VERBS } from '../../../src/cli/verbs/index.ts'
import { runCommand } from '../../support/run-command.ts'
import { documentOf } from './expect-failure.ts'

describe('help', () => {
  it('names every verb, every option and every exit code', async () => {
    const { code, stdout, stderr } = await runCommand(['--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const { name } of VERBS) expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'))
    for (const option of ['--qmp', '--qga', '--timeout', '--json', '--help', '--version'])
      expect(stdout).toContain(option)
    for (const exit of [0, 1, 2, 3, 4]) expect(stdout).toMatch(new RegExp(`^ {2}${exit} {2}\\S`, 'm'))
  })

  it.each(VERBS.map(({ name }) => name))(
    'of %s says how it is used, and is the same however it is asked for',
    async (name) => {
      const { code, stdout, stderr } = await runCommand([name, '--help'])
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toMatch(new RegExp(`^usage: qemu-vcpu ${name} `))
      expect((await runCommand(['help', name])).stdout).toBe(stdout)
      expect((await runCommand([name, '-h'])).stdout).toBe(stdout)
    },
  )

  it('fits a terminal', async () => {
    const texts = await Promise.all(
      [['--help'], ...VERBS.map(({ name }) => ['help', name])].map((argv) => runCommand(argv)),
    )
    for (const line of texts.flatMap(({ stdout }) => stdout.split('\n'))) expect(line.length).toBeLessThanOrEqual(90)
  })

  it('is one document for scripts', async () => {
    const plain = await runCommand(['help', 'set'])
    expect(documentOf(await runCommand(['help', 'set', '--json']))).toEqual({ help: plain.stdout.trimEnd() })
  })
})

it("tells the package's version", async () => {
  expect(await runCommand(['--version'])).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' })
  expect(documentOf(await runCommand(['--version', '--json']))).toEqual({ version: manifest.version })
})
