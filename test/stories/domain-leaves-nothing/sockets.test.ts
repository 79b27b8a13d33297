import { getEventListeners } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { clearTimeout, setTimeout } from 'node:timers'
import { expect, onTestFinished, test } from 'vitest'
import { Domain } from '../../../src/index.ts'
import { SimulatedAgent, SimulatedQemu } from '../../../src/testing/index.ts'
import { systemClock, type Clock, type Timer } from '../../../src/wire/clock.ts'
import { expected, liveOneRound } from './life.ts'

/** Turns of the event loop that a socket may take to close. */
const MOST_TURNS = 10_000

/** The sockets of this process that are open; the runner of the tests has timers and files of its own. */
function handles(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((name) => /^(Pipe|TCP)/.test(name))
    .sort()
}

/**
 * The system's time, and its timers that have neither fired nor been cancelled. The timers are Node's own: the short ones are
 * here the pace of looks, and what bounds a call is a minute or more.
 */
class CountingClock implements Clock {
  readonly pending = new Set<object>()

  now(): number {
    return systemClock.now()
  }

  after(ms: number, task: () => void): Timer {
    const key = {}
    this.pending.add(key)
    const timer = setTimeout(() => {
      this.pending.delete(key)
      task()
    }, ms)
    return {
      cancel: () => {
        this.pending.delete(key)
        clearTimeout(timer)
      },
      unref: () => {
        timer.unref()
      },
    }
  }
}

/** Sockets close when the kernel has its turn. */
async function handlesOnceLike(expected: readonly string[]): Promise<string[]> {
  for (let turn = 0; turn < MOST_TURNS && handles().join() !== expected.join(); turn++) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  return handles()
}

test(
  'over UNIX sockets: a domain that is closed leaves no handle, timer or listener',
  { timeout: 600_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'vcpu-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const qemu = new SimulatedQemu({ kind: 'x86', bootVcpus: 2, maxcpus: 8 })
    const agent = new SimulatedAgent(qemu.guest)
    const [qmp, qga] = [join(folder, 'qmp.sock'), join(folder, 'qga.sock')]
    const listeners = [await qemu.listen(qmp), await agent.listen(qga)]
    onTestFinished(() => Promise.all(listeners.map((listener) => listener.close())).then(() => undefined))
    const before = handles()
    const { signal } = new AbortController()
    const clock = new CountingClock()
    for (const reconnect of ['on-demand', 'eager', 'on-demand'] as const) {
      const domain = await Domain.connect({ qmp, qga, reconnect, clock, timeoutMs: 60_000 })
      const reader = domain.changes()
      const peers = { qemu, agent, domain }
      await liveOneRound(peers, { signal })
      const states = domain.states()
      qemu.dropClient()
      agent.dropClient()
      for await (const { state } of states) if (state === 'reconnecting') break
      // The first to find the agent's channel lost, unless that is made again already.
      await domain.getGuestMaps({ signal }).catch(expected)
      await liveOneRound(peers, { signal })
      // Closed with all kinds of calls under way.
      qemu.guest.onUnplug = 'ignore'
      const calls = Promise.allSettled<unknown>([
        domain.setVcpuState(1, false, { signal }),
        domain.setVcpuState(5, true, { signal, guest: true, rollback: true }),
        domain.scale(7, { signal, guest: true }),
        domain.setGuestVcpuState(1, false, { signal }),
        domain.doctor({ signal }),
      ])
      await new Promise((resolve) => setImmediate(resolve))
      await domain.close()
      expect((await calls).map(({ status }) => status)).toContain('rejected')
      qemu.guest.onUnplug = 'remove'
      while ((await reader.next()).done !== true) continue
      expect(clock.pending.size).toBe(0)
      expect(await handlesOnceLike(before)).toEqual(before)
      expect(getEventListeners(signal, 'abort')).toHaveLength(0)
      qemu.guest.reboot([0, 1])
    }
  },
)
