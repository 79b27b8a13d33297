import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { runCommand } from '../../support/run-command.ts'
import { startVm } from './cli-vm.ts'
import { documentOf } from './expect-failure.ts'

/** A folder of the test's own. */
async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'qemu-vcpu-export-'))
  onTestFinished(() => rm(path, { recursive: true }))
  return path
}

it('prints what another QEMU is started with, and plugs it there', async () => {
  await using vm = startVm()
  await runCommand(['set', '5,7', 'on', ...vm.qmp])
  const text = await runCommand(['export', ...vm.qmp])
  expect(text).toMatchObject({ code: 0, stderr: '' })
  expect(text.stdout.split(' \\\n')).toEqual([
    expect.stringMatching(/^-smp cpus=2,maxcpus=8/),
    expect.stringMatching(/^-device \S+,id=vcpu5-\w+,\S*core-id=5/),
    expect.stringMatching(/^-device \S+,id=vcpu7-\w+,\S*core-id=7/),
  ])

  const json = await runCommand(['export', '--json', ...vm.qmp])
  expect(documentOf(json)).toMatchObject({ online: '0-1,5,7', smp: { cpus: 2 }, args: { length: 6 } })
  const file = join(await folder(), 'layout.json')
  await writeFile(file, json.stdout)
  await using other = startVm()
  expect(documentOf(await runCommand(['export', '--apply', file, '--json', ...other.qmp]))).toMatchObject({
    changed: '5,7',
    outcome: 'done',
    online: 4,
  })
  expect((await runCommand(['export', ...other.qmp])).stdout).toBe(text.stdout)
  expect(await runCommand(['export', '--apply', file, ...other.qmp])).toMatchObject({
    code: 0,
    stdout: '4 vCPUs are plugged already; nothing sent\n',
  })
})

it('refuses a file that is none, before anything is sent', async () => {
  await using vm = startVm()
  const missing = await runCommand(['export', '--apply', join(await folder(), 'missing'), '--json', ...vm.qmp])
  expect(missing.code).toBe(2)
  expect(documentOf(missing)).toMatchObject({ error: { code: 'ERR_USAGE', outcome: 'not-sent' } })
  const file = join(await folder(), 'text')
  await writeFile(file, 'cpus=2')
  const text = await runCommand(['export', '--apply', file, '--json', ...vm.qmp])
  expect(text.code).toBe(2)
  expect(documentOf(text)).toMatchObject({ error: { code: 'ERR_LAYOUT', outcome: 'not-sent' } })
  expect(vm.qemu.commands).toEqual([])
})
