import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Domain, layoutArguments, parseLayout, type VcpuLayout } from '../../../src/index.ts'
import { SimulatedQemu, type SimulatedQemuOptions } from '../../../src/testing/index.ts'
import { testClock } from '../../support/passing-clock.ts'

async function connected(qemu: SimulatedQemu): Promise<Domain> {
  return Domain.connect({ qmp: qemu.connect(), clock: testClock() })
}

/** As it is read back from a file. */
function throughJson(layout: VcpuLayout): VcpuLayout {
  return parseLayout(JSON.parse(JSON.stringify(layout)))
}

async function shape(domain: Domain): Promise<unknown> {
  const vcpus = await domain.vcpus()
  return vcpus.map(({ id, online, deviceId, props }) => ({ id, online, deviceId, props }))
}

const q35: SimulatedQemuOptions = { kind: 'x86', bootVcpus: 2, maxcpus: 8 }

describe('the layout of a VM', () => {
  test('has what -smp makes, and a device for each other vCPU', async () => {
    await using qemu = new SimulatedQemu(q35, { clock: testClock() })
    await using domain = await connected(qemu)
    await domain.setVcpuState(5, true, { deviceId: 'mine-5' })
    const layout = await domain.exportLayout()
    expect(layout.smp).toMatchObject({ cpus: 2, maxcpus: 8 })
    expect(String(layout.online)).toBe('0-1,5')
    expect(layoutArguments(layout)).toEqual([
      '-smp',
      expect.stringMatching(/^cpus=2,maxcpus=8/),
      '-device',
      expect.stringMatching(/^[\w-]+-cpu,id=mine-5,(.*,)?core-id=5/),
    ])
  })

  test('of a boot vCPU that was unplugged: those behind the hole are devices', async () => {
    await using qemu = new SimulatedQemu({ ...q35, bootVcpus: 4 }, { clock: testClock() })
    await using domain = await connected(qemu)
    await domain.setVcpuState(2, false)
    const { smp, devices } = await domain.exportLayout()
    expect(smp['cpus']).toBe(2)
    expect(devices.map(({ ids, id }) => [String(ids), id])).toEqual([['3', null]])
  })

  test('of a machine without hotplug is refused', async () => {
    await using qemu = new SimulatedQemu({ kind: 'no-hotplug', bootVcpus: 2 }, { clock: testClock() })
    await using domain = await connected(qemu)
    await expect(domain.exportLayout()).rejects.toMatchObject({ code: 'ERR_NO_HOTPLUG', outcome: 'not-sent' })
  })
})

test('a QEMU that a layout is applied to has the same vCPUs, with the same device ids, and nothing is sent twice', async () => {
  const machines = fc.constantFrom<SimulatedQemuOptions>(
    q35,
    { kind: 'pseries', bootVcpus: 4, maxcpus: 32, threads: 4 },
    { kind: 's390x', bootVcpus: 2, maxcpus: 6 },
  )
  const property = fc.asyncProperty(machines, fc.uniqueArray(fc.nat(7), { maxLength: 5 }), async (machine, picks) => {
    await using source = new SimulatedQemu(machine, { clock: testClock() })
    await using target = new SimulatedQemu(machine, { clock: testClock() })
    await using from = await connected(source)
    await using to = await connected(target)
    for (const pick of picks) {
      const free = [...(await from.getVcpuMap('onlinable'))]
      const id = free[pick % Math.max(1, free.length)]
      if (id !== undefined) await from.setVcpuState(id, true, { wholeSlot: true })
    }
    const layout = throughJson(await from.exportLayout())
    const { changed } = await to.applyLayout(layout)
    expect(String(changed)).toBe(String(layout.online.difference((await connectedBoot(machine)).online)))
    expect(await shape(to)).toEqual(await shape(from))
    const sent = target.commands.length
    expect(String((await to.applyLayout(layout)).changed)).toBe('')
    expect(target.commands.slice(sent).filter(({ command }) => command === 'device_add')).toEqual([])
  })
  await fc.assert(property, { numRuns: 30 })
})

/** What a machine has before anything is plugged. */
async function connectedBoot(machine: SimulatedQemuOptions): Promise<VcpuLayout> {
  await using qemu = new SimulatedQemu(machine, { clock: testClock() })
  await using domain = await connected(qemu)
  return await domain.exportLayout()
}

describe('a layout is refused before anything is sent', () => {
  test.each<
    [why: string, message: RegExp, target: SimulatedQemuOptions, prepare: (domain: Domain) => Promise<unknown>]
  >([
    [
      'where something else is plugged',
      /vCPU 6 is plugged here, and not in the layout/,
      q35,
      (domain) => domain.setVcpuState(6, true),
    ],
    [
      'where the slot holds another device',
      /vCPU 5 is plugged here as .*other, and in the layout as mine-5/,
      q35,
      (domain) => domain.setVcpuState(5, true, { deviceId: 'other' }),
    ],
    ['where there is no such slot', /no vCPU 5 of the layout/, { ...q35, maxcpus: 4 }, () => Promise.resolve()],
  ])('%s', async (_, message, options, prepare) => {
    await using source = new SimulatedQemu(q35, { clock: testClock() })
    await using from = await connected(source)
    await from.setVcpuState(5, true, { deviceId: 'mine-5' })
    const layout = throughJson(await from.exportLayout())
    await using target = new SimulatedQemu(options, { clock: testClock() })
    await using to = await connected(target)
    await prepare(to)
    const before = target.pluggedVcpus
    const error: unknown = await to.applyLayout(layout).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toMatchObject({ outcome: 'not-sent', message: expect.stringMatching(message) as unknown })
    expect(target.pluggedVcpus).toEqual(before)
  })
})

test.each<[value: unknown, message: RegExp]>([
  [null, /the layout is null/],
  [[], /the layout is/],
  [{}, /devices is undefined, expected a list/],
  [{ smp: {}, devices: [], online: 5 }, /online is 5/],
  [{ smp: { cpus: '2' }, devices: [], online: '' }, /smp\."cpus" is "2", expected a count/],
  [{ smp: {}, devices: [{ ids: '1', driver: 'x', id: '-bad', props: {} }], online: '1' }, /devices\[0\]\.id is "-bad"/],
  [{ smp: {}, devices: [{ ids: '1', driver: 'x', id: null, props: {} }], online: '0' }, /devices\[0\]\.ids is "1"/],
])('%j is not a layout', (value, message) => {
  expect(() => parseLayout(value)).toThrow(
    expect.objectContaining({ code: 'ERR_LAYOUT', message: expect.stringMatching(message) as unknown }) as Error,
  )
})

test.each(['', '5', 'a b', 'ü', 'x'.repeat(256)])('%j is not a device id', async (deviceId) => {
  await using qemu = new SimulatedQemu(q35, { clock: testClock() })
  await using domain = await connected(qemu)
  await expect(domain.setVcpuState(5, true, { deviceId })).rejects.toMatchObject({ code: 'ERR_DEVICE_ID' })
  expect(qemu.pluggedVcpus).toEqual([0, 1])
})
