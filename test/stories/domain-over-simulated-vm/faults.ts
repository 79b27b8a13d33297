import fc from 'fast-check'
import type { Fault } from '../../../src/testing/index.ts'

const nth = fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined, freq: 4 })
const lateMs = fc.constantFrom(5, 60, 400, 6_000)

const events = fc
  .tuple(
    fc.constantFrom('ACPI_DEVICE_OST', 'DEVICE_DELETED', 'DEVICE_UNPLUG_GUEST_ERROR', 'RESET', 'VSERPORT_CHANGE'),
    nth,
    fc.oneof(
      fc.constantFrom({ do: 'missing' } as const, { do: 'doubled' } as const),
      lateMs.map((ms) => ({ do: 'late', ms }) as const),
    ),
  )
  .map(([event, times, how]): Fault => ({ at: at({ event }, times), ...how }))

const commands = fc
  .tuple(
    fc.constantFrom(
      'device_add',
      'device_del',
      'query-cpus-fast',
      'query-hotpluggable-cpus',
      'guest-get-vcpus',
      'guest-set-vcpus',
      'guest-file-open',
    ),
    nth,
    fc.oneof(
      fc.constantFrom(
        { do: 'drop-before' } as const,
        { do: 'drop-after' } as const,
        { do: 'no-reply' } as const,
        { do: 'error' } as const,
        { do: 'duplicate-reply' } as const,
      ),
      lateMs.map((ms) => ({ do: 'late', ms }) as const),
      lateMs.map((ms) => ({ do: 'slow', ms }) as const),
      lateMs.map((ms) => ({ do: 'error', ms }) as const),
    ),
  )
  // With a refusal of that query a machine says that it has no hotplug, which none does that has it.
  .filter(([command, , how]) => command !== 'query-hotpluggable-cpus' || how.do !== 'error')
  .map(([command, times, how]): Fault => ({ at: at({ command }, times), ...how }))

/** `nth` only where it is given. */
function at<T extends object>(what: T, times: number | undefined): T & { readonly nth?: number } {
  return times === undefined ? what : { ...what, nth: times }
}

/** What can go wrong with one command or event. */
export const faults: fc.Arbitrary<Fault> = fc.oneof(events, commands)
