import { expect } from 'vitest'
import type { Guest, GuestImage } from '../../../packages/guest-kit/src/index.ts'
import { ConnectionError, Domain, TimeoutError } from '../../../src/index.ts'
import { boot } from './boot.ts'

/**
 * What QEMU 7.2 under TCG does instead of plugging after an unplug: it dies, and that is told as the end of the connection,
 * at once (docs/wire-notes.md).
 */
export async function expectDeathByPlug(): Promise<void> {
  await deathByPlug()
}

/** The same, and the words with which it ended: those of its C library, or the signal. */
export async function deathByPlug(): Promise<{
  readonly qemuVersion: string
  readonly image: GuestImage
  readonly words: string
}> {
  await using guest = await guestThatLetOneGo()
  await using domain = await Domain.connect({ qmp: guest.qmpPath })
  // QEMU's heap is broken by now. Mostly the next plug kills it; sometimes it takes another.
  const failure = await plugUntilItFails(domain)
  expect(failure).toBeInstanceOf(ConnectionError)
  // It may take a plug, answer, and die before or after the next one has been sent.
  expect(['not-sent', 'unknown']).toContain(failure.outcome)
  const { signal } = await guest.exited
  expect(['SIGABRT', 'SIGSEGV']).toContain(signal)
  const last = guest.stderr().trim().split('\n').at(-1) ?? ''
  return {
    qemuVersion: guest.qemuVersion,
    image: guest.image,
    words: signal === 'SIGABRT' && last !== '' ? last : String(signal),
  }
}

/** What this is about comes after an unplug: a guest that wedges at it (one in ten) is no use, and another is booted. */
async function guestThatLetOneGo(): Promise<Guest> {
  for (let guests = 0; guests < 6; guests++) {
    const guest = await boot({ qemuVersion: '7.2', smp: '2,maxcpus=16' })
    await using domain = await Domain.connect({ qmp: guest.qmpPath })
    await domain.setVcpuState(5, true)
    const ended = await domain.setVcpuState(5, false, { timeoutMs: 10_000 }).catch((error: unknown) => error)
    if (!(ended instanceof Error)) return guest
    await guest.stop()
    if (!(ended instanceof TimeoutError)) throw ended
  }
  throw new Error('six guests on QEMU 7.2 in a row wedged at an unplug')
}

async function plugUntilItFails(domain: Domain): Promise<ConnectionError> {
  for (let id = 2; id < 15; id++) {
    const ended = await domain.setVcpuState(id, true).catch((error: unknown) => error)
    if (ended instanceof ConnectionError) return ended
    if (ended instanceof Error) throw ended
  }
  throw new Error('QEMU 7.2 lived through thirteen plugs after an unplug')
}
