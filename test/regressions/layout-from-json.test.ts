import { expect, test } from 'vitest'
import { Domain, type VcpuLayout } from '../../src/index.ts'
import { SimulatedQemu } from '../../src/testing/index.ts'
import { testClock } from '../support/passing-clock.ts'

async function connected(qemu: SimulatedQemu): Promise<Domain> {
  return Domain.connect({ qmp: qemu.connect(), clock: testClock() })
}

const machine = { kind: 'x86', bootVcpus: 2, maxcpus: 8 } as const

// A layout straight from JSON.parse failed with "online.difference is not a function", as if an executor had thrown it.
test('a layout as JSON.parse gives it is applied', async () => {
  await using source = new SimulatedQemu(machine, { clock: testClock() })
  await using target = new SimulatedQemu(machine, { clock: testClock() })
  await using before = await connected(source)
  await before.setVcpuState(5, true, { deviceId: 'five' })
  const read = JSON.parse(JSON.stringify(await before.exportLayout())) as VcpuLayout
  await using after = await connected(target)
  expect(String((await after.applyLayout(read)).changed)).toBe('5')
  expect((await after.vcpus())[5]?.deviceId).toBe('five')
})

test.each([
  [undefined, 'the layout is undefined'],
  ['0-3', 'the layout is "0-3"'],
  [{ smp: {}, devices: [], online: 3 }, 'online is 3'],
  [{ smp: {}, devices: [{ ids: '1' }], online: '0-1' }, 'devices[0].driver is undefined'],
])('%j is none, and nothing is sent for it', async (layout, words) => {
  await using qemu = new SimulatedQemu(machine, { clock: testClock() })
  await using domain = await connected(qemu)
  await expect(domain.applyLayout(layout as never)).rejects.toMatchObject({
    name: 'InputError',
    code: 'ERR_LAYOUT',
    outcome: 'not-sent',
    message: expect.stringContaining(words) as unknown,
  })
  expect(String(await domain.getVcpuMap())).toBe('0-1')
})
