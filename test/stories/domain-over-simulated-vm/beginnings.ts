import fc from 'fast-check'
import type { Beginning } from './stage.ts'

const x86 = fc.record({
  kind: fc.constant('x86' as const),
  maxcpus: fc.integer({ min: 4, max: 16 }),
  bootVcpus: fc.integer({ min: 1, max: 3 }),
  ownDeviceDeleted: fc.constantFrom('last' as const, 'never' as const, 'next-plug' as const),
  finalOstNamesDevice: fc.boolean(),
})

const pseries = fc
  .record({ threads: fc.constantFrom(2, 4, 8), cores: fc.integer({ min: 2, max: 4 }) })
  .map(({ threads, cores }) => ({ kind: 'pseries' as const, threads, bootVcpus: threads, maxcpus: threads * cores }))

/** Machines, and how the domains reach them. */
export const beginnings: fc.Arbitrary<Beginning> = fc.record({
  machine: fc.oneof({ weight: 3, arbitrary: x86 }, { weight: 1, arbitrary: pseries }),
  seed: fc.nat(),
  readsFiles: fc.boolean(),
  reconnect: fc.constantFrom('on-demand' as const, 'eager' as const),
  autoOnline: fc.boolean(),
})
