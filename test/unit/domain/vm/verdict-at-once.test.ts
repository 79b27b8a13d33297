// When QEMU reports that a device that a call waits for has gone, or the guest refuses, the look that shows it does not wait
// for the rate of looks, however slow QEMU is to answer one.
import { expect, test } from 'vitest'
import type { WireTraceEntry } from '../../../../src/index.ts'
import { hasNewVerdict } from '../../../../src/domain/vm/verdicts.ts'
import { beginRemoval } from '../../../../src/domain/vm/removal.ts'
import { initialState, type VmState } from '../../../../src/domain/vm/state.ts'
import { timedDomain } from '../../../support/timed-domain.ts'

const ANSWER_MS = 20
/** One query after the other. */
const LOOK_MS = 2 * ANSWER_MS

/** How long after QEMU's word the call ended, in milliseconds. */
async function lateness(ejectMs: number, onUnplug: 'remove' | 'refuse'): Promise<number> {
  let heardMs = NaN
  const trace = ({ direction, bytes }: WireTraceEntry): void => {
    const text = Buffer.from(bytes).toString('latin1')
    const word = onUnplug === 'remove' ? 'DEVICE_DELETED' : 'ACPI_DEVICE_OST'
    if (direction === 'in' && text.includes(word)) heardMs = clock.now()
  }
  const timing = { monitor: [ANSWER_MS, ANSWER_MS], eject: [ejectMs, ejectMs], look: [1, 1] } as const
  const { clock, domain } = await timedDomain({ timing, guest: { onUnplug } }, { trace })
  await clock.run(domain.setVcpuState(1, false).catch(() => undefined))
  return clock.now() - heardMs
}

test.each([
  ['gone', 'remove'],
  ['refused', 'refuse'],
] as const)('a device that is %s: after the look under way, and one more', async (_, onUnplug) => {
  const late: number[] = []
  for (let ejectMs = 200; ejectMs < 500; ejectMs += 23) late.push(await lateness(ejectMs, onUnplug))
  expect(late.every((ms) => Number.isFinite(ms))).toBe(true)
  // A millisecond for each timer.
  expect(Math.max(...late)).toBeLessThanOrEqual(2 * LOOK_MS + 3)
})

const asked = { connection: 1, boot: 0, tick: 7 }
const removal = beginRemoval({ firstId: 1, count: 1 }, { qomPath: '/x', hostThreadId: 1 }, 4, asked)
const refusal = { reason: 'busy', tick: 9 }
const withRemoval = (part: object): VmState => ({ ...initialState(), removals: [{ ...removal, ...part }] })

test.each([
  ['gone for the first time', true, {}, { isGone: true }],
  ['gone again', false, { isGone: true }, { isGone: true }],
  ['refused for the first time', true, {}, { refusal }],
  ['refused again', false, { refusal }, { refusal: { ...refusal, tick: 12 } }],
  ['gone, and no call waits', false, { callers: [] }, { callers: [], isGone: true }],
  ['another one', false, {}, { key: 8, isGone: true }],
] as const)('%s: %s', (_, isNew, before, after) => {
  expect(hasNewVerdict(withRemoval(before), withRemoval(after))).toBe(isNew)
})
