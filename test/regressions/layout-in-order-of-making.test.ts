import { expect, test } from 'vitest'
import { Domain, layoutArguments } from '../../src/index.ts'
import { SimulatedQemu } from '../../src/testing/index.ts'
import { testClock } from '../support/passing-clock.ts'

// A pseries guest hung at the target of a migration: export listed its cores by their ids, and QEMU numbers a core's interrupt
// contexts in the order in which the cores were made (test/real/export-migration.test.ts).
test('a layout has the devices in the order in which they were made, and is applied in it', async () => {
  const machine = { kind: 'pseries', bootVcpus: 2, maxcpus: 8 } as const
  await using source = new SimulatedQemu(machine, { clock: testClock() })
  await using target = new SimulatedQemu(machine, { clock: testClock() })
  await using before = await Domain.connect({ qmp: source.connect(), clock: testClock() })
  for (const id of [7, 3, 5]) await before.setVcpuState(id, true, { deviceId: `core${id}` })
  const layout = await before.exportLayout()
  expect(layout.devices.map(({ id }) => id)).toEqual(['core7', 'core3', 'core5'])
  expect(layoutArguments(layout).filter((argument) => argument.includes('id=core'))).toEqual([
    expect.stringContaining('id=core7'),
    expect.stringContaining('id=core3'),
    expect.stringContaining('id=core5'),
  ])
  await using after = await Domain.connect({ qmp: target.connect(), clock: testClock() })
  await after.applyLayout(layout)
  expect((await after.exportLayout()).devices.map(({ id }) => id)).toEqual(['core7', 'core3', 'core5'])
})
