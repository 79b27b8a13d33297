// The maps named vCPUs that nothing can plug or unplug: with acpi=off, and past APIC id 254 without x2APIC. What must end:
// a map and a setter that contradict each other.
import { expect, test } from 'vitest'
import type { SimulatedQemu } from '../../src/testing/index.ts'
import { changesSent, vm } from '../support/simulated-vm.ts'

function turnAcpi(qemu: SimulatedQemu, acpi: string): void {
  qemu.onCommand('qom-get', (args, usual) => (args['property'] === 'acpi' ? acpi : usual()))
}

test('acpi=off: nothing is onlinable or offlinable, and no change is sent', async () => {
  const { qemu, domain } = await vm()
  turnAcpi(qemu, 'off')
  const maps = await domain.getVcpuMaps()
  expect(Object.values(maps).map(String)).toEqual(['0-1', '', '', '0-7'])
  expect((await domain.vcpus()).filter(({ onlinable, offlinable }) => onlinable || offlinable)).toEqual([])
  for (const [id, online] of [
    [5, true],
    [1, false],
  ] as const) {
    await expect(domain.setVcpuState(id, online)).rejects.toMatchObject({ code: 'ERR_NO_HOTPLUG', outcome: 'not-sent' })
  }
  await expect(domain.scale(4)).rejects.toMatchObject({ outcome: 'not-sent' })
  expect(changesSent(qemu)).toEqual([])
})

test('acpi=auto is no obstacle, and is asked once for each connection', async () => {
  const { qemu, domain } = await vm()
  turnAcpi(qemu, 'auto')
  expect(String(await domain.getVcpuMap('onlinable'))).toBe('2-7')
  await domain.getVcpuMap('onlinable')
  await domain.setVcpuState(5, true)
  expect(qemu.commands.filter(({ arguments: { property } }) => property === 'acpi')).toHaveLength(1)
})

test('past APIC id 254 without x2APIC: no slot is onlinable', async () => {
  const { domain } = await vm({ maxcpus: 288 })
  expect(String(await domain.getVcpuMap('onlinable'))).toBe('2-254')
  expect(String(await domain.getVcpuMap('possible'))).toBe('0-287')
})
