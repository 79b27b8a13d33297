import { expect } from 'vitest'
import { explore, type Exploration } from './explore.ts'
import type { Scenario } from './world.ts'

/** Explore, say how much was seen, and fail with the shortest history of each fault. */
export function expectNoFault(scenario: Scenario, mostStates: number): Exploration {
  const seen = explore(scenario, mostStates)
  const { states, transitions, histories, depth, isComplete, violations } = seen
  const bound = isComplete ? 'all' : `cut at ${mostStates} states`
  console.log(
    `${scenario.name}: ${states} states, ${transitions} steps, ${histories} histories, depth ${depth}, ${bound}`,
  )
  expect(violations.map(({ what, history }) => [what, ...history].join('\n  ')).join('\n')).toBe('')
  return seen
}
