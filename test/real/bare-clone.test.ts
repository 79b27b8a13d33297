// What `npm pack` makes of a clone in which nothing was built: `prepack` builds it. scripts/check-package.mjs looks at what the
// checkout has built.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { VERBS } from '../../src/cli/verbs/index.ts'
import { bareClone, npmWithin } from './support/bare-clone.ts'

const run = promisify(execFile)
/** The command, the library, and what explains them. */
const WANTED = ['dist/cli.js', 'dist/index.js', 'dist/index.d.ts', 'man/qemu-vcpu.1', 'README.md', 'docs/usage.md']

test('a bare clone packs a program that runs, its manual and its completion', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bare-clone-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const [clone, unpacked] = [join(folder, 'clone'), join(folder, 'package')]
  await bareClone(clone)
  const env = { ...process.env, ...npmWithin(folder) }
  const { stdout: packed } = await run('npm', ['pack', '--pack-destination', folder], { cwd: clone, env })
  const tarball = packed.trim().split('\n').at(-1) ?? ''
  await run('tar', ['-xzf', tarball], { cwd: folder })
  const { stdout: listed } = await run('tar', ['-tzf', tarball], { cwd: folder })
  const files = listed.split('\n').map((path) => path.replace(/^package\//, ''))
  expect(files).toEqual(expect.arrayContaining(WANTED))
  expect(files.filter((path) => /^(src|test|scripts|node_modules)\//.test(path))).toEqual([])

  const command = async (...argv: readonly string[]): Promise<string> =>
    (await run(process.execPath, ['dist/cli.js', ...argv], { cwd: unpacked })).stdout
  expect(tarball).toBe(`qemu-vcpu-${(await command('--version')).trim()}.tgz`)
  const manual = await readFile(join(unpacked, 'man/qemu-vcpu.1'), 'utf8')
  for (const { name } of VERBS) {
    expect(await command('help', name)).toContain(`qemu-vcpu ${name}`)
    expect(manual).toContain(`qemu\\-vcpu ${name.replaceAll('-', '\\-')}`)
  }
  for (const shell of ['bash', 'zsh', 'fish']) expect(await command('completion', shell)).toContain('guest-scale')
})
