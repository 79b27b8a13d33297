// A person in front of `watch` on a real guest, in a real terminal: plugs a vCPU, turns it on and off, unplugs it; a second window
// acts on the same monitor. What the screen says is what QEMU and the guest say when they are asked without the package.
import { expect, onTestFinished } from 'vitest'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { trueGuest } from '../oracle/guest-cpus.ts'
import { trueIndexes } from '../oracle/vcpus.ts'
import { boot } from './support/boot.ts'
import { testOnSoundQemu as test } from './support/sound-qemu.ts'
import { openTerminal } from './support/tmux.ts'

test('a vCPU is plugged, turned on and off, and unplugged with keys, and another window acts in between', async () => {
  const guest = await boot()
  onTestFinished(() => guest.stop())
  showConsoleOnFailure(guest)
  const env = { QEMU_VCPU_QMP: guest.qmpPath, QEMU_VCPU_QGA: guest.qgaPath }
  const terminal = await openTerminal({ env })
  onTestFinished(() => terminal[Symbol.asyncDispose]())
  await terminal.enter('qemu-vcpu watch --share; echo "watch ended with $?"')
  await terminal.sees('2 of 8 plugged; the guest runs 2 of 2')

  await terminal.press('Right', 'Right', 'Right', 'Right', 'Right', 'p')
  await terminal.sees('Plug vCPU 5? y/n')
  expect(await trueIndexes(guest)).toEqual([0, 1])
  await terminal.press('y')
  await terminal.sees('!5:2')
  expect(await trueIndexes(guest)).toEqual([0, 1, 5])

  await terminal.press('o')
  await terminal.sees('Turn on CPU 2 of the guest? y/n')
  await terminal.press('y')
  await terminal.sees('+5:2')
  expect((await trueGuest(guest)).online).toBe('0-2')

  const other = await openTerminal({ env })
  onTestFinished(() => other[Symbol.asyncDispose]())
  await other.enter('qemu-vcpu set 3 on --guest; echo "status $?"')
  await other.sees('status 0')
  await terminal.sees('+3:3')
  await terminal.sees('4 of 8 plugged; the guest runs 4 of 4')

  await terminal.press('f')
  await terminal.sees('Turn off CPU 2 of the guest? y/n')
  await terminal.press('y')
  await terminal.sees('!5:2')
  expect((await trueGuest(guest)).online).toBe('0-1,3')
  await terminal.press('u')
  await terminal.sees('Unplug vCPU 5? y/n')
  await terminal.press('y')
  await terminal.sees('unplug vCPU 5: done')
  await terminal.sees(/ \.5 /)
  expect(await trueIndexes(guest)).toEqual([0, 1, 3])
  await terminal.press('q')
  await terminal.sees('watch ended with 0')
})
