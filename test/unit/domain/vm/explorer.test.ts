import { describe, expect, test } from 'vitest'
import { expectNoFault } from '../../../support/explorer/expect-no-fault.ts'
import type { Scenario } from '../../../support/explorer/world.ts'

const filled = [true, true]
const empty = [true, false]
const unplug: Scenario['calls'] = [['unplug', 1]]
const unplugs: Scenario['calls'] = [
  ['unplug', 1],
  ['unplug', 1],
]
const unplugAndPlug: Scenario['calls'] = [
  ['unplug', 1],
  ['plug', 1],
]

/** Each is small enough for every state of it to be reached. */
const scenarios: readonly Scenario[] = [
  { name: 'one unplug that may be aborted, a reset', slots: filled, calls: unplug, budget: { abort: 1, reset: 1 } },
  { name: 'one unplug, events doubled', slots: filled, calls: unplug, budget: { abort: 1, doubledEvent: 1 } },
  { name: 'one unplug, events lost', slots: filled, calls: unplug, budget: { abort: 1, lostEvent: 1, reset: 1 } },
  { name: 'one unplug, observations and a reset', slots: filled, calls: unplug, budget: { reset: 1, observe: 1 } },
  {
    name: 'one unplug, everything but a reset',
    slots: filled,
    calls: unplug,
    budget: { abort: 1, close: 1, disconnect: 1, newQemu: 1, other: 1, refusal: 1 },
  },
  {
    name: 'two unplugs, another client and a refusal of QEMU',
    slots: filled,
    calls: unplugs,
    budget: { other: 1, refusal: 1 },
  },
  { name: 'two unplugs, events early', slots: filled, calls: unplugs, budget: { early: 1 } },
  { name: 'two unplugs, events lost', slots: filled, calls: unplugs, budget: { lostEvent: 1 } },
  { name: 'two unplugs, a reset', slots: filled, calls: unplugs, budget: { reset: 1 } },
  { name: 'two unplugs, another QEMU', slots: filled, calls: unplugs, budget: { disconnect: 1, newQemu: 1 } },
  { name: 'two unplugs, aborted and closed', slots: filled, calls: unplugs, budget: { abort: 1, close: 1 } },
  {
    name: 'two plugs, everything',
    slots: empty,
    calls: [
      ['plug', 1],
      ['plug', 1],
    ],
    budget: { abort: 1, disconnect: 1, newQemu: 1, other: 1, refusal: 1 },
  },
  {
    name: 'an unplug and a plug, aborted and closed',
    slots: filled,
    calls: unplugAndPlug,
    budget: { abort: 1, close: 1, refusal: 1 },
  },
  {
    name: 'an unplug and a plug, another client',
    slots: filled,
    calls: unplugAndPlug,
    budget: { other: 1, refusal: 1 },
  },
  { name: 'an unplug and a plug, a reset', slots: filled, calls: unplugAndPlug, budget: { reset: 1, refusal: 1 } },
  {
    name: 'a plug and an unplug',
    slots: empty,
    calls: [
      ['plug', 1],
      ['unplug', 1],
    ],
    budget: { abort: 1, disconnect: 1, newQemu: 1, refusal: 1 },
  },
  {
    name: 'three slots',
    slots: [true, true, true],
    calls: [
      ['unplug', 1],
      ['plug', 2],
    ],
    budget: { abort: 1 },
  },
]

/** A fence against an exploration without end, in milliseconds. */
const FENCE_MS = 600_000

describe('no state that can be reached is wrong', () => {
  test.each(scenarios)('$name', { timeout: FENCE_MS }, (scenario) => {
    expect(expectNoFault(scenario, 150_000).isComplete).toBe(true)
  })
})
