import { describe, expect, it } from 'vitest'
import { runCommand } from '../../support/run-command.ts'
import { startVm, type CliVm } from './cli-vm.ts'
import { expectToldToScripts } from './expect-failure.ts'

/** Interrupts the run as soon as QEMU, or the agent, gets `command`, which is then not answered. */
function interruptAt(peer: CliVm['qemu'] | CliVm['agent'], command: string): AbortController {
  const interruption = new AbortController()
  peer.onCommand(command, () => {
    interruption.abort()
    return new Promise(() => undefined)
  })
  return interruption
}

const ABORTED = { code: 'ERR_ABORTED', message: /interrupted/ }

describe('an interruption', () => {
  it.each([
    ['set 5 on', 'device_add'],
    ['set 1 off', 'device_del'],
  ])('in the middle of %s leaves the result unknown', async (verb, command) => {
    await using vm = startVm()
    const { signal } = interruptAt(vm.qemu, command)
    const run = await runCommand([...verb.split(' '), '--json', ...vm.both], { signal })
    expectToldToScripts(run, { ...ABORTED, exit: 4, outcome: 'unknown' })
  })

  it('while the guest takes its time over an unplug leaves the result unknown', async () => {
    await using vm = startVm()
    const interruption = new AbortController()
    vm.qemu.guest.onUnplug = 'ignore'
    vm.qemu.onCommand('device_del', (_, usual) => {
      process.nextTick(() => {
        interruption.abort()
      })
      return usual()
    })
    const run = await runCommand(['set', '1', 'off', '--json', ...vm.qmp], { signal: interruption.signal })
    expectToldToScripts(run, { ...ABORTED, exit: 4, outcome: 'unknown' })
  })

  it('in the middle of guest-set leaves the result unknown', async () => {
    await using vm = startVm()
    const { signal } = interruptAt(vm.agent, 'guest-set-vcpus')
    const run = await runCommand(['guest-set', '1', 'off', '--json', ...vm.both], { signal })
    expectToldToScripts(run, { ...ABORTED, exit: 4, outcome: 'unknown' })
  })

  it.each(['set 5 on', 'map', 'list'])('of %s while it reads says that nothing was sent', async (verb) => {
    await using vm = startVm()
    const { signal } = interruptAt(vm.qemu, 'query-cpus-fast')
    const run = await runCommand([...verb.split(' '), '--json', ...vm.qmp], { signal })
    expectToldToScripts(run, { ...ABORTED, exit: 1, outcome: 'not-sent' })
  })

  it('before anything is connected says that nothing was sent', async () => {
    await using vm = startVm()
    const run = await runCommand(['set', '5', 'on', '--json', ...vm.qmp], { signal: AbortSignal.abort('enough') })
    expectToldToScripts(run, { ...ABORTED, exit: 1, outcome: 'not-sent' })
    expect(vm.qemu.pluggedVcpus).toEqual([0, 1])
  })
})
