// docs/testing.md: its tests are collected and run, and its Python client talks to a `qemu-vcpu sim`.
import * as assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { Domain, type DomainOptions } from '../../../src/index.ts'
import { testClock } from '../../support/passing-clock.ts'
import { BIN, socketFolder } from '../cli/sim/start-sim.ts'
import { allBlocks } from './support/blocks.ts'
import { runModule } from './support/run-module.ts'

const blocks = (await allBlocks()).filter(({ page }) => page === 'docs/testing.md')

function blockOf(language: string, directive?: string): string {
  const [block, ...others] = blocks.filter((each) => each.language === language && each.directive === directive)
  if (block === undefined || others.length > 0) throw new Error(`not one block in ${language}, ${String(directive)}`)
  return block.text
}

/** A `test` that collects, and what it has collected. */
function collector() {
  const found: { readonly name: string; readonly run: () => Promise<void> }[] = []
  return {
    found,
    test: (name: string, run: () => Promise<void>) => {
      found.push({ name, run })
    },
  }
}

test('its tests for node:test pass', async () => {
  const { found, test } = collector()
  const connect = (options: DomainOptions) => Domain.connect({ clock: testClock(), ...options })
  const instead = { 'node:test': { test }, 'node:assert/strict': assert, 'qemu-vcpu': { Domain: { connect } } }
  await runModule(blockOf('js', 'node:test'), instead)
  expect(found).toHaveLength(2)
  for (const { run } of found) await run()
})

test('its tests for Vitest pass', async () => {
  const { found, test } = collector()
  await runModule(blockOf('js', 'vitest'), { vitest: { expect, test } })
  expect(found).toHaveLength(2)
  for (const { run } of found) await run()
})

const python = await promisify(execFile)('python3', ['--version']).then(
  () => ['python3'],
  () => [],
)

test('its Python plugs in the VM of the command, where there is Python', async () => {
  const text = blockOf('python')
  expect(text).toContain("['qemu-vcpu', 'sim', '--json'")
  const folder = await socketFolder()
  await writeFile(join(folder, 'qemu-vcpu'), `#!/bin/sh\nexec '${process.execPath}' --import tsx '${BIN}' "$@"\n`)
  await chmod(join(folder, 'qemu-vcpu'), 0o755)
  const env = { ...process.env, TMPDIR: folder, PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}` }
  for (const program of python) {
    const { stdout } = await promisify(execFile)(program, ['-c', text], { env })
    expect(stdout).toBe("{'return': {}}\n3 vCPUs\n")
  }
})
