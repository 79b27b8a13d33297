import { describe, expect, test } from 'vitest'
import { ConnectionError, connectionFinding, FINDING_SEVERITIES, TimeoutError } from '../../../../src/index.ts'
import { hang, Refusal } from '../../../../src/testing/index.ts'
import { changesSent, vm } from '../../../support/simulated-vm.ts'
import { diagnosis, findingOf } from './tell.ts'

describe('an unplug', () => {
  test('that the guest does not answer', async () => {
    const { qemu, domain } = await vm()
    qemu.guest.onUnplug = 'ignore'
    await expect(domain.setVcpuState(1, false, { timeoutMs: 100 })).rejects.toBeInstanceOf(TimeoutError)
    expect(await diagnosis(domain)).toEqual(['warns unplug-pending'])
    qemu.completePendingUnplug()
    expect(await diagnosis(domain)).toEqual(['notes only-boot-vcpu'])
  })

  test('that the guest refused', async () => {
    const { qemu, domain } = await vm()
    qemu.guest.onUnplug = 'refuse'
    await expect(domain.setVcpuState(1, false)).rejects.toMatchObject({ code: 'ERR_GUEST_REFUSED' })
    expect(await findingOf(domain, 'unplug-refused')).toMatchObject({
      summary: expect.stringContaining('device in use by an application') as string,
      evidence: 'query-acpi-ospm-status: slot 1, source 0x3, status 0x81',
    })
  })

  test('that the guest works at; a plug that it refused; and what it said of a slot that is empty now', async () => {
    const { qemu, domain } = await vm()
    const words = (slot: string, source: number, status: number) => ({ slot, 'slot-type': 'CPU', source, status })
    qemu.onCommand('query-acpi-ospm-status', () => [
      words('0', 1, 1),
      words('1', 3, 0x84),
      words('5', 3, 0x81),
      words('99', 3, 1),
    ])
    expect(await diagnosis(domain)).toEqual(['warns plug-rejected', 'warns unplug-in-progress'])
  })
})

describe('the doctor', () => {
  test('changes nothing', async () => {
    const { qemu, agent, domain } = await vm({ bootVcpus: 1, maxcpus: 1 })
    await domain.doctor()
    expect(changesSent(qemu)).toEqual([])
    expect(changesSent(agent)).toEqual([])
    const asked = agent.commands.filter(({ command }) => command === 'guest-file-open')
    expect(asked.every((open) => open.arguments['mode'] === 'r')).toBe(true)
  })

  test('tells the worst first', async () => {
    const { domain } = await vm({ bootVcpus: 1, maxcpus: 1 }, { missing: ['guest-set-vcpus'] })
    const severities = (await domain.doctor()).map(({ severity }) => FINDING_SEVERITIES.indexOf(severity))
    expect(severities).toEqual([0, 1, 2])
  })

  test('finds what else there is when QEMU refuses its questions', async () => {
    const { qemu, domain } = await vm({ bootVcpus: 4, maxcpus: 4 })
    for (const command of ['query-status', 'query-version', 'query-acpi-ospm-status', 'query-migrate', 'qom-get']) {
      qemu.onCommand(command, () => {
        throw new Refusal('not today')
      })
    }
    expect(await diagnosis(domain)).toEqual(['blocks no-free-slot', 'warns not-found-out'])
    expect(await findingOf(domain, 'not-found-out')).toMatchObject({
      summary: 'could not be looked into: whether the VM runs',
      evidence: 'query-status: not today',
    })
  })

  test('tells once what several wanted to know, and finds what else there is', async () => {
    const { qemu, domain } = await vm({}, {}, { qga: undefined })
    qemu.onCommand('query-cpus-fast', () => [])
    expect(await diagnosis(domain)).toEqual(['warns not-found-out', 'notes agent-not-given'])
    expect((await findingOf(domain, 'not-found-out')).summary).toContain('the slots, ')
  })

  test('rejects when the monitor is lost', async () => {
    const { qemu, domain } = await vm()
    qemu.onCommand('query-cpus-fast', (args, usual) => {
      qemu.kill()
      return hang(args, usual)
    })
    await expect(domain.doctor()).rejects.toBeInstanceOf(ConnectionError)
  })

  test('rejects with the reason of its signal', async () => {
    const { agent, domain } = await vm()
    const controller = new AbortController()
    const reason = new Error('enough')
    agent.onCommand('guest-info', () => {
      controller.abort(reason)
      return new Promise(() => undefined)
    })
    await expect(domain.doctor({ signal: controller.signal })).rejects.toBe(reason)
  })
})

test.each([
  ['ERR_MONITOR_BUSY', 'monitor-busy'],
  ['ERR_CONNECT', 'monitor-unreachable'],
  ['ERR_NOT_QMP', 'not-a-monitor'],
] as const)('%s is explained as %s', (code, name) => {
  const finding = connectionFinding(new ConnectionError(code, 'what was seen'))
  expect(finding).toMatchObject({ code: name, severity: 'blocks', evidence: 'what was seen' })
})

test.each([new ConnectionError('ERR_CLOSED', 'x'), new TimeoutError('x'), new Error('x'), undefined])(
  '%s says nothing about the monitor’s socket',
  (error) => {
    expect(connectionFinding(error)).toBeUndefined()
  },
)
