import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { VERBS } from '../../../src/cli/verbs/index.ts'
import { runCommand } from '../../support/run-command.ts'

async function script(shell: string): Promise<string> {
  const { code, stdout, stderr } = await runCommand(['completion', shell])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}

/** What bash offers for the last of `words`. */
async function offered(words: readonly string[]): Promise<readonly string[]> {
  const { stdout, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-s'], {
    input: `${await script('bash')}
COMP_WORDS=(qemu-vcpu ${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length}
_qemu_vcpu
printf '%s\\n' "\${COMPREPLY[@]}"`,
    encoding: 'utf8',
    timeout: 20_000,
  })
  expect(stderr).toBe('')
  return stdout.split('\n').filter((word) => word !== '')
}

describe('completion', () => {
  it('offers the verbs, and each verb its options and words, in bash', async () => {
    expect(await offered([''])).toEqual([...VERBS.map(({ name }) => name), 'completion', 'help'])
    expect(await offered(['guest-s'])).toEqual(['guest-set', 'guest-scale'])
    expect(await offered(['set', '5', 'o'])).toEqual(['on', 'off'])
    expect(await offered(['set', '--ro'])).toEqual(['--rollback'])
    expect(await offered(['map', '--who'])).toEqual([])
    expect(await offered(['completion', ''])).toEqual(['bash', 'zsh', 'fish'])
    expect(await offered(['map', '--qmp', '/etc/passw'])).toContain('/etc/passwd')
  })

  it.each(['bash', 'zsh', 'fish'])('of %s names every verb and every option', async (shell) => {
    const text = await script(shell)
    for (const { name, options } of VERBS) {
      expect(text).toContain(name)
      for (const option of Object.keys(options)) expect(text).toContain(option)
    }
  })
})
