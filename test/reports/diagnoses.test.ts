// Reports of VMs about which the wrong advice was given, or in which one thing that was missing hid all others.
import { describe, expect, test } from 'vitest'
import { Refusal } from '../../src/testing/index.ts'
import { vm } from '../support/simulated-vm.ts'
import { rejectionOf } from './rejection.ts'

// https://github.com/kubevirt/kubevirt/issues/16622: one VM ran on both hosts, and its disk was lost.
test('a VM that was migrated away is not advised to go on', async () => {
  const { qemu, domain } = await vm()
  qemu.onCommand('query-status', () => ({ status: 'postmigrate', running: false }))
  qemu.onCommand('query-migrate', () => ({ status: 'completed' }))
  const findings = await domain.doctor()
  expect(JSON.stringify(findings)).toContain('postmigrate')
  for (const { advice } of findings) expect(advice).not.toMatch(/\bcont\b(?! would)|let it go on/)
})

describe('agents without guest-get-vcpus', () => {
  const WITHOUT = { missing: ['guest-get-vcpus', 'guest-set-vcpus'], version: '7.2.0' }

  // https://github.com/aborche/qemu-guest-agent/issues/23 and https://github.com/opnsense/plugins/issues/3283 (FreeBSD)
  test('doctor names the command, and examines the rest', async () => {
    const { domain } = await vm({}, WITHOUT)
    const findings = await domain.doctor()
    const missing = findings.find(({ code }) => code === 'agent-rpc-missing')
    expect(JSON.stringify(missing)).toContain('guest-get-vcpus')
    expect(findings.map(({ code }) => code)).not.toContain('no-hotplug')
  })

  test('QEMU’s maps are known all the same; the guest’s are refused with the name of the command', async () => {
    const { domain } = await vm({}, WITHOUT)
    expect(String((await domain.getVcpuMaps()).online)).toBe('0-1')
    expect((await rejectionOf(domain.getGuestMaps())).message).toContain('guest-get-vcpus')
  })

  // MikroTik's RouterOS (Cloud Hosted Router) has an agent of its own, 2.10.50, with 21 commands.
  test('an agent of another make, which lists the command nowhere and refuses every path', async () => {
    const { agent, domain } = await vm({}, { missing: ['guest-set-vcpus'], version: '2.10.50' })
    agent.onCommand('guest-info', () => ({
      version: '2.10.50',
      supported_commands: ['guest-file-open', 'guest-file-read', 'guest-file-close', 'guest-info', 'guest-ping'].map(
        (name) => ({ name, enabled: true, 'success-response': true }),
      ),
    }))
    agent.onCommand('guest-get-vcpus', () => {
      throw new Refusal('Command not supported')
    })
    agent.onCommand('guest-file-open', () => {
      throw new Refusal('invalid file name')
    })
    const findings = await domain.doctor()
    expect(JSON.stringify(findings)).toContain('guest-get-vcpus')
    for (const code of ['guest-kernel-room', 'no-hotplug']) expect(findings.map((one) => one.code)).not.toContain(code)
  })
})
