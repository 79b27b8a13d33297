// `qemu-vcpu set 1 off` that timed out printed that the request "stays watched", and ended: nobody watched it any longer.
// Seen in a shell. What must end: words of a library that lives on, printed by a command that does not.
import { expect, test } from 'vitest'
import { startVm } from '../unit/cli/cli-vm.ts'
import { runCommand } from '../support/run-command.ts'
import { TIMEOUT_MS } from './support.ts'

test.each([[['set', '1', 'off']], [['set', '1', 'off', '--guest']], [['scale', '1']]])('%j', async (argv) => {
  await using vm = startVm()
  vm.qemu.guest.onUnplug = 'ignore'
  const run = await runCommand([...argv, '--timeout', String(2 * TIMEOUT_MS), '--json', ...vm.both])
  expect(run.code).toBe(4)
  expect(run.stdout + run.stderr).not.toMatch(/watch|track/i)
})
