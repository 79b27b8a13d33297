import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import type { CliRun } from '../../support/run-command.ts'
import { startVmOnSockets } from './cli-vm.ts'
import { documentOf } from './expect-failure.ts'

const BIN = fileURLToPath(new URL('../../../src/cli/bin.ts', import.meta.url))

/** The command as a process of its own, its output in pipes. */
function start(argv: readonly string[]): { child: ChildProcess; run: Promise<CliRun> } {
  const child = spawn(process.execPath, ['--import', 'tsx', BIN, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] })
  const run = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]).then(
    ([stdout, stderr, [code]]): CliRun => ({ code: code as number, stdout, stderr }),
  )
  return { child, run }
}

it('prints into a pipe without colour and ends with 0', async () => {
  await using vm = await startVmOnSockets()
  const run = await start(['map', ...vm.qmp]).run
  expect(run).toMatchObject({ code: 0, stderr: '' })
  expect(run.stdout).toMatch(/^ +map +count {2}ids\nQEMU {2}online +2 {2}0-1\n/)
  expect(run.stdout).not.toContain('\u001b')
})

it('ends with the exit code of the failure', async () => {
  const run = await start(['map', '--json', '--qmp', '/nonexistent/qmp.sock']).run
  expect(run.code).toBe(3)
  expect(documentOf(run)).toMatchObject({ error: { code: 'ERR_CONNECT', outcome: 'not-sent' } })
  expect(run.stderr).toMatch(/^qemu-vcpu: [^\n]+\n$/)
})

it('prints a long document whole, whatever a pipe holds', async () => {
  await using vm = await startVmOnSockets({ kind: 'x86', bootVcpus: 1, maxcpus: 4_096 })
  const run = await start(['list', '--json', ...vm.qmp]).run
  expect(run.code).toBe(0)
  expect(documentOf(run)).toMatchObject({ vcpus: { length: 4_096 } })
})

it('takes it in good part when nobody reads to the end', async () => {
  await using vm = await startVmOnSockets({ kind: 'x86', bootVcpus: 1, maxcpus: 4_096 })
  const child = spawn(process.execPath, ['--import', 'tsx', BIN, 'list', ...vm.qmp], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.destroy()
  const [stderr] = await Promise.all([text(child.stderr), once(child, 'close')])
  expect({ code: child.exitCode, stderr }).toEqual({ code: 0, stderr: '' })
})

it.each(['SIGINT', 'SIGTERM'] as const)('ends a change tidily at %s', async (signal) => {
  await using vm = await startVmOnSockets()
  vm.qemu.guest.onUnplug = 'ignore'
  const { child, run } = start(['set', '1', 'off', '--json', ...vm.qmp])
  vm.qemu.onCommand('device_del', (_, usual) => {
    child.kill(signal)
    return usual()
  })
  const ended = await run
  expect(ended.code).toBe(4)
  expect(documentOf(ended)).toEqual({ error: { code: 'ERR_ABORTED', message: 'interrupted', outcome: 'unknown' } })
  expect(ended.stderr).toMatch(/^qemu-vcpu: interrupted \(it may have been done/)
})
