import { describe, it } from 'vitest'
import { runCommand } from '../../support/run-command.ts'
import { startVm } from './cli-vm.ts'
import { expectToldToPeople, expectToldToScripts } from './expect-failure.ts'
import { late, unreachable } from './lost-peers.ts'
import { refusals } from './refusals.ts'

describe.each([...refusals, ...unreachable, ...late])('$name ends with $exit and $code', (failure) => {
  it('for people', async () => {
    await using vm = startVm(failure.machine)
    await failure.spoil?.(vm)
    expectToldToPeople(await runCommand(failure.argv(vm)), failure)
  })

  it('for scripts', async () => {
    await using vm = startVm(failure.machine)
    await failure.spoil?.(vm)
    expectToldToScripts(await runCommand([...failure.argv(vm), '--json']), failure)
  })
})
