// `qemu-vcpu scale 8 2>&1 | head -1` died of an uncaught EPIPE on stderr with two of five vCPUs plugged, and
// `qemu-vcpu watch | head -1` never ended and kept the monitor, which serves one client. Seen in a shell. What must end: a
// change that depends on somebody reading about it, and a reading that goes on for nobody.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { QmpClient } from '../../src/qmp/index.ts'
import { startVmOnSockets } from '../unit/cli/cli-vm.ts'
import { testClock } from '../support/passing-clock.ts'

const BIN = fileURLToPath(new URL('../../src/cli/bin.ts', import.meta.url))

/** The command as a process of its own, its output in pipes. */
function start(argv: readonly string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', BIN, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return child
}

test('a change goes on when nobody reads its progress any longer', async () => {
  await using vm = await startVmOnSockets({ kind: 'x86', bootVcpus: 2, maxcpus: 8 })
  const child = start(['scale', '8', ...vm.qmp])
  // As `head -1` on both: the first line is read, then both pipes are closed.
  let hasLeft: () => void = () => undefined
  const left = new Promise<void>((resolve) => {
    hasLeft = resolve
  })
  child.stderr.once('data', () => {
    child.stdout.destroy()
    child.stderr.destroy()
    hasLeft()
  })
  // The later vCPUs are only plugged when the reader has gone.
  let plugs = 0
  vm.qemu.onCommand('device_add', async (_, usual) => {
    if (++plugs > 2) await left
    return usual()
  })
  await once(child, 'exit')
  expect(vm.qemu.pluggedVcpus).toHaveLength(8)
  expect(child.exitCode).toBe(0)
})

test('watch ends when nobody reads it any longer, and lets the monitor go', async () => {
  await using vm = await startVmOnSockets()
  const child = start(['watch', ...vm.qmp])
  await once(child.stdout, 'data')
  child.stdout.destroy()
  const left = once(child, 'exit')
  // Told again at each look of the command's, until it has noticed that nobody reads.
  vm.qemu.onCommand('query-cpus-fast', (_, usual) => {
    vm.qemu.emit('RESET', { guest: true, reason: 'guest-reset' })
    return usual()
  })
  await left
  await using next = await QmpClient.connect(vm.qemu.connect(), { clock: testClock() })
  expect(next.state).toBe('ready')
})

test('a change goes on when its result cannot be written, and the exit status says so', async () => {
  await using vm = await startVmOnSockets({ kind: 'x86', bootVcpus: 2, maxcpus: 8 })
  const full = openSync('/dev/full', 'w')
  const child = spawn(process.execPath, ['--import', 'tsx', BIN, 'scale', '4', ...vm.qmp], {
    stdio: ['ignore', full, 'pipe'],
  })
  closeSync(full)
  const stderr = child.stderr === null ? '' : text(child.stderr)
  await once(child, 'exit')
  expect(vm.qemu.pluggedVcpus).toHaveLength(4)
  expect(child.exitCode).toBe(1)
  expect(await stderr).toContain('qemu-vcpu: the output cannot be written: ENOSPC\n')
  expect(await stderr).not.toContain('node:internal')
})
