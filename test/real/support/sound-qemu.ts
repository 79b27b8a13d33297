import { describe, test } from 'vitest'
import { expectDeathByPlug } from './oldest-qemu.ts'
import { testedQemu } from './tested-qemu.ts'

/**
 * Does the QEMU under test survive unplugs and what follows them? 7.2 under TCG wedges a guest now and then where all its
 * CPUs must meet, at an unplug and in the boot after a reset, and dies of the plugs after an unplug (docs/wire-notes.md).
 */
export const isSoundQemu = testedQemu !== '7.2'

const INSTEAD = 'on QEMU 7.2: it dies of plugs after an unplug'
const OLDEST_TIMEOUT_MS = 300_000
let death: Promise<void> | undefined

/**
 * A test that plugs after an unplug, or depends on each one of its unplugs and resets. On a QEMU that cannot, it becomes the
 * test of what that QEMU does instead, which is seen once for all such tests of a file.
 */
export function testOnSoundQemu(name: string, body: () => Promise<void>, timeoutMs?: number): void {
  if (isSoundQemu) test(name, body, timeoutMs)
  else test(`${name} (${INSTEAD})`, () => (death ??= expectDeathByPlug()), OLDEST_TIMEOUT_MS)
}

/** The same for a story whose tests go on from each other's state. */
export function describeOnSoundQemu(name: string, body: () => void): void {
  if (isSoundQemu) describe(name, body)
  else testOnSoundQemu(name, () => Promise.resolve())
}
