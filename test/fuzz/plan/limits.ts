import fc from 'fast-check'
import type { DomainOptions } from '../../../src/index.ts'
import type { WireLimits } from '../../../src/wire/limits.ts'

/** Limits of a domain and its connections, as `Domain.connect` takes them. */
export type PlanLimits = NonNullable<DomainOptions['limits']>

/** Small enough to be met: what a message costs, and what waits. */
const SMALL = {
  messageBytes: fc.constantFrom(1, 60, 500, 3_000, 100_000),
  depth: fc.constantFrom(1, 3, 5, 40),
  elements: fc.constantFrom(1, 8, 40, 400),
  shapes: fc.constantFrom(1, 4, 30),
  stringBytes: fc.constantFrom(1, 20, 200),
  pending: fc.constantFrom(1, 2, 4),
  unsentBytes: fc.constantFrom(1, 80, 400),
  junkBytes: fc.constantFrom(1, 60, 1_000),
  lineMs: fc.constantFrom(1, 10, 200),
}
/** The monitor's alone. */
const EVENTS = { events: fc.constantFrom(1, 2, 30), eventBytes: fc.constantFrom(1, 200, 5_000) }

/** One or two limits of a connection; the others are as usual. */
function few(all: Readonly<Record<string, fc.Arbitrary<number>>>): fc.Arbitrary<Partial<WireLimits>> {
  return fc
    .subarray(Object.entries(all), { minLength: 1, maxLength: 2 })
    .chain((some) => fc.record(Object.fromEntries(some)))
}

const own = fc.record(
  { maxHintsPerSecond: fc.constantFrom(1, 100), maxVcpus: fc.constantFrom(1, 2, 8, 120) },
  { requiredKeys: [] },
)

/** Limits of the monitor's connection. */
export const monitorLimits = few({ ...SMALL, ...EVENTS })

/** Limits of the agent's. */
export const agentLimits = few(SMALL)

/** Mostly the usual limits. */
export const limits: fc.Arbitrary<PlanLimits | undefined> = fc.oneof(
  { weight: 5, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: own },
  { weight: 1, arbitrary: monitorLimits.map((qmp) => ({ qmp })) },
  { weight: 1, arbitrary: agentLimits.map((qga) => ({ qga })) },
)
