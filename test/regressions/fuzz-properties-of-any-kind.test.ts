import { expect, test } from 'vitest'
import { apicIds } from '../../src/bitmap/machine/apic-id.ts'
import { layoutArguments, CpuMap } from '../../src/index.ts'
import { domainPlan } from '../fuzz/plan/plain.ts'
import { runDomain } from '../fuzz/run/run-domain.ts'

/** What cannot be made a number or text of without an exception. */
const ODD: unknown = JSON.parse('{"toString":1,"valueOf":2}')

// npm run fuzz: a slot's property that is an object with a `toString` of its own made a map reject with a TypeError.
test('a place in what is not numbers has no APIC id, and leaves those of others as they are', () => {
  const slots = [{ props: { 'socket-id': 0, 'core-id': ODD } }, { props: { 'socket-id': 1, 'core-id': 1 } }]
  const idOf = apicIds(slots)
  expect(slots.map(idOf)).toEqual([undefined, 3])
})

test('a layout with such a property has arguments', () => {
  const devices = [{ ids: CpuMap.of(1), driver: 'cpu', id: null, props: { 'core-id': ODD, 'thread-id': 'a,b' } }]
  const [, , , argument] = layoutArguments({ smp: { cpus: 1 }, devices, online: CpuMap.of(0) })
  expect(argument).toBe('cpu,core-id={"toString":1,,"valueOf":2},thread-id=a,,b')
})

test('a QEMU whose slots have such properties', async () => {
  const put = { raw: JSON.stringify(ODD) }
  for (let node = 0; node < 12; node++) {
    const mishap = { kind: 'edit', at: { kind: 'number', node }, put } as const
    const faults = [{ link: 'qmp', at: { on: 'query-hotpluggable-cpus', nth: 0 }, mishap }] as const
    const plan = domainPlan([
      { op: 'getVcpuMaps' },
      { op: 'exportLayout' },
      { op: 'applyLayout', id: 3 },
      { op: 'doctor' },
    ])
    expect((await runDomain({ ...plan, faults })).faults).toEqual([])
  }
})
