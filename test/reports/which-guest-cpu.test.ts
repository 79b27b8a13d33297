// Reports of guests whose CPUs are not numbered as QEMU's vCPUs are, or whose agent does not let one find out.
import { describe, expect, test } from 'vitest'
import { Refusal, type SimulatedAgentOptions, type SimulatedGuest } from '../../src/testing/index.ts'
import { changesSent, vm, type Vm } from '../support/simulated-vm.ts'
import { rejectionOf } from './rejection.ts'

const FILES = ['guest-file-open', 'guest-file-read', 'guest-file-close']
/** Enterprise Linux 10: what its agent may do is a short list, and files are not on it. */
const EL10: SimulatedAgentOptions = { blocked: FILES, version: '10.0.0' }

/** vCPUs that another client plugs, in this order, and the guest turns on. */
async function plugged(machine: Vm, ...ids: readonly number[]): Promise<void> {
  const { qemu, agent } = machine
  for (const id of ids) {
    qemu.command('device_add', slot(id))
    // The guest takes it within ticks.
    await new Promise(setImmediate)
    turnOn(agent.guest)
  }
}

const slot = (id: number) => ({
  driver: 'qemu64-x86_64-cpu',
  id: `cpu${id}`,
  'socket-id': 0,
  'core-id': id,
  'thread-id': 0,
})

function turnOn(guest: SimulatedGuest): void {
  for (const { logicalId } of guest.seats) guest.setOnline(logicalId, true)
}

/** What is known of the guest's CPU of a vCPU. */
async function guestOf({ domain }: Vm, id: number) {
  return (await domain.vcpus()).find((vcpu) => vcpu.id === id)?.guest
}

// https://github.com/BassT23/Proxmox/issues/256
describe('an agent that may not read files', () => {
  test('one vCPU is told apart by what is left over, and never called exact', async () => {
    const machine = await vm({}, EL10)
    await plugged(machine, 5)
    expect(await guestOf(machine, 5)).toMatchObject({ id: 2, confidence: 'computed' })
  })

  test('two vCPUs cannot be told apart, which is not the same as having no CPU', async () => {
    const machine = await vm({}, EL10)
    await plugged(machine, 5, 3)
    for (const id of [3, 5]) {
      const guest = await guestOf(machine, id)
      expect(guest).not.toBeNull()
      expect(guest?.confidence).not.toBe('exact')
    }
  })

  test('neither is unplugged with the guest: nothing is sent, and the error says how to go on', async () => {
    const machine = await vm({}, EL10)
    await plugged(machine, 5, 3)
    const error = await rejectionOf(machine.domain.setVcpuState(5, false, { guest: true }))
    expect(error).toMatchObject({ outcome: 'not-sent' })
    expect(error.message).toMatch(/confidence|guest-file|without/)
    expect([...changesSent(machine.qemu), ...changesSent(machine.agent)]).toEqual([])
  })
})

// https://github.com/kubevirt/kubevirt/issues/6857: SELinux labels what was there at boot, and not what came later.
test('a CPU whose files cannot be read is not a CPU that is not there', async () => {
  const machine = await vm()
  await plugged(machine, 5)
  machine.agent.onCommand('guest-file-open', ({ path }, usual) => {
    if (typeof path === 'string' && path.includes('/cpu2/'))
      throw new Refusal(`failed to open file '${path}': Permission denied`)
    return usual()
  })
  machine.agent.onCommand('guest-get-osinfo', () => {
    throw new Refusal('The command guest-get-osinfo has not been found', 'CommandNotFound')
  })
  expect(await guestOf(machine, 5)).not.toBeNull()
  await rejectionOf(machine.domain.setVcpuState(5, false, { guest: true }))
  expect([...changesSent(machine.qemu), ...changesSent(machine.agent)]).toEqual([])
})

// https://gitlab.com/libvirt/libvirt/-/commit/9eb9106ea5 "qemu: command: Add support for sparse vcpu topologies"
test('a VM that began with vCPUs 0, 2 and 5 has them as CPU 0 to 2', async () => {
  const machine = await vm({ bootVcpus: 1 })
  await plugged(machine, 2, 5)
  machine.qemu.guest.reboot()
  expect(await guestOf(machine, 2)).toMatchObject({ id: 1, confidence: 'exact' })
  expect(await guestOf(machine, 5)).toMatchObject({ id: 2, confidence: 'exact' })
})

// https://github.com/autotest/tp-qemu/pull/2371
test('QEMU 2.12 names the architecture in another member, and the guest is read all the same', async () => {
  const machine = await vm({ version: '2.12.0' })
  machine.qemu.onCommand('query-cpus-fast', (_, usual) => {
    const cpus = usual()
    return Array.isArray(cpus)
      ? cpus.map((cpu: object) =>
          Object.fromEntries(Object.entries({ ...cpu, arch: 'x86' }).filter(([member]) => member !== 'target')),
        )
      : cpus
  })
  await plugged(machine, 5, 3)
  expect(await guestOf(machine, 5)).toMatchObject({ id: 2, confidence: 'exact' })
  expect(await guestOf(machine, 3)).toMatchObject({ id: 3, confidence: 'exact' })
})

// Agents before 4.0 (EL7, Ubuntu 18.04) do not echo the id of a command.
test('an agent that echoes no ids gives the right maps', async () => {
  const { domain } = await vm({}, { echoesIds: false, version: '2.12.0' })
  expect(String(await domain.getVcpuMap('agent-online'))).toBe('0-1')
})

// Agents from 3.1 to 7.0 list no CPU whose id is not below the number of CPUs (qga/commands-posix.c of those releases).
test('doctor does not call a CPU unused that an old agent only does not list', async () => {
  const machine = await vm({}, { version: '5.2.0' })
  await plugged(machine, 2, 3)
  machine.agent.guest.setOnline(2, false)
  machine.agent.onCommand('guest-get-vcpus', (_, usual) => {
    const cpus = usual()
    return Array.isArray(cpus)
      ? cpus.filter((cpu: Readonly<Record<string, unknown>>) => Number(cpu['logical-id']) < 2)
      : cpus
  })
  const text = JSON.stringify(await machine.domain.doctor())
  expect(text).not.toMatch(/unused|has no CPU for it/)
})
