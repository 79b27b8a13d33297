import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { networkNamespace, runToEnd } from './support/network-namespace.ts'
import type { Said } from './vanished-peer/stage.ts'
import type { SCENARIOS, Seen } from './vanished-peer/scenarios.ts'

const RUN = join(import.meta.dirname, 'vanished-peer', 'run.ts')
const UNKNOWN = { code: 'ERR_TIMEOUT', outcome: 'unknown' } as const
const LOST = { code: 'ERR_CONNECTION_LOST', outcome: 'unknown' } as const
const DONE = { code: 'done' } as const

/** What each call says, which states the Domain goes through, what leaves, and what QEMU has in the end. */
const EXPECTED: Readonly<Record<keyof typeof SCENARIOS, Seen>> = {
  'a command vanishes for a moment': {
    said: [UNKNOWN, DONE],
    states: ['connected'],
    // The kernel has sent it again, and the second call found it done.
    sent: 1,
    plugged: [0, 1, 5],
    device: 'first',
  },
  'an answer vanishes for a moment': {
    said: [UNKNOWN, DONE],
    states: ['connected'],
    sent: 1,
    plugged: [0, 1, 5],
    device: 'first',
  },
  'a command vanishes for good': {
    said: [LOST, { code: 'ERR_CONNECT', outcome: 'not-sent' }, DONE],
    states: ['connected', 'reconnecting', 'connected'],
    // The first never reached QEMU; the last call sent its own.
    sent: 2,
    plugged: [0, 1, 5],
    device: 'last',
  },
  'an idle domain': {
    said: [DONE, DONE],
    states: ['connected', 'reconnecting', 'connected'],
    sent: 1,
    plugged: [0, 1, 5],
    device: 'first',
  },
  'another QEMU': {
    said: [LOST, DONE],
    states: ['connected', 'reconnecting', 'connected'],
    sent: 2,
    plugged: [0, 1, 5],
    device: 'last',
  },
  'QEMU only hangs': {
    said: [UNKNOWN, DONE],
    states: ['connected'],
    sent: 1,
    plugged: [0, 1, 5],
    device: 'first',
  },
  'a close': {
    said: [
      { code: 'ERR_CLOSED', outcome: 'unknown' },
      { code: 'ERR_CLOSED', outcome: 'not-sent' },
    ] satisfies Said[],
    states: ['connected', 'closed'],
    sent: 1,
    plugged: [0, 1],
    device: 'none',
  },
}

const namespace = await networkNamespace()

// A peer that vanishes without a FIN needs a network that can be taken away: one of the test's own, with a QEMU in it.
if ('run' in namespace) {
  describe('QEMU vanishes from the network', () => {
    test.each(Object.entries(EXPECTED))('%s', async (name, seen) => {
      const argv = [...namespace.run, process.execPath, '--import', 'tsx', RUN, name]
      const { status, output } = await runToEnd(argv)
      expect(status, output).toBe(0)
      expect(JSON.parse(output.trim().split('\n').at(-1) ?? '')).toEqual(seen)
    })
  })
} else {
  test(`QEMU vanishes from the network (not asked: this host makes no network namespace: ${namespace.refused})`, async () => {
    expect(await networkNamespace()).toHaveProperty('refused')
  })
}
