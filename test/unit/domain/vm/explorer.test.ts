import { describe, test } from 'vitest'
import { expectNoFault } from '../../../support/explorer/expect-no-fault.ts'
import type { Scenario } from '../../../support/explorer/world.ts'

const filled = [true, true]
const empty = [true, false]

const scenarios: readonly Scenario[] = [
  {
    name: 'one unplug that may be aborted, a reset',
    slots: filled,
    calls: [['unplug', 1]],
    budget: { abort: 1, reset: 1 },
  },
  { name: 'one unplug, events doubled', slots: filled, calls: [['unplug', 1]], budget: { abort: 1, doubledEvent: 1 } },
  {
    name: 'one unplug, events lost',
    slots: filled,
    calls: [['unplug', 1]],
    budget: { abort: 1, lostEvent: 1, reset: 1 },
  },
  {
    name: 'one unplug, observations and a reset',
    slots: filled,
    calls: [['unplug', 1]],
    budget: { reset: 1, observe: 1 },
  },
  {
    name: 'two unplugs, one aborted',
    slots: filled,
    calls: [
      ['unplug', 1],
      ['unplug', 1],
    ],
    budget: { abort: 1 },
  },
  {
    name: 'two unplugs, events early',
    slots: filled,
    calls: [
      ['unplug', 1],
      ['unplug', 1],
    ],
    budget: { early: 1 },
  },
  {
    name: 'two unplugs, closed',
    slots: filled,
    calls: [
      ['unplug', 1],
      ['unplug', 1],
    ],
    budget: { close: 1 },
  },
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
    name: 'an unplug and a plug',
    slots: filled,
    calls: [
      ['unplug', 1],
      ['plug', 1],
    ],
    budget: { abort: 1, close: 1, refusal: 1 },
  },
  {
    name: 'a plug and an unplug',
    slots: empty,
    calls: [
      ['plug', 1],
      ['unplug', 1],
    ],
    budget: { abort: 1, refusal: 1 },
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

describe('no state that can be reached is wrong', () => {
  test.each(scenarios)('$name', (scenario) => {
    expectNoFault(scenario, 12_000)
  })
})
