import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { runCommand } from '../../support/run-command.ts'
import { startVm, type CliVm } from './cli-vm.ts'
import { documentOf } from './expect-failure.ts'

/** A VM with vCPU 5, then 3 plugged; the guest numbers them 2 and 3 and runs neither. */
async function startSparseVm(): Promise<CliVm> {
  const vm = startVm()
  for (const id of ['5', '3']) await runCommand(['set', id, 'on', ...vm.qmp])
  return vm
}

describe('map', () => {
  it('prints all maps for scripts', async () => {
    await using vm = await startSparseVm()
    const run = await runCommand(['map', '--json', ...vm.both])
    expect(run).toMatchObject({ code: 0, stderr: '' })
    // The text itself: the order of the fields is a part of the contract.
    expect(run.stdout).toBe(
      '{"qemu":{"online":"0-1,3,5","onlinable":"2,4,6-7","offlinable":"1,3,5","possible":"0-7"},' +
        '"agent":{"online":"0-1","offlinable":"1","onlinable":"2-3","possible":"0-3"}}\n',
    )
  })

  it('has null for the agent where none was given', async () => {
    await using vm = startVm()
    expect(documentOf(await runCommand(['map', '--json', ...vm.qmp]))).toEqual({
      qemu: { online: '0-1', onlinable: '2-7', offlinable: '1', possible: '0-7' },
      agent: null,
    })
    expect(vm.agent.commands).toEqual([])
  })

  it('shows people the maps, and where the guest lags behind', async () => {
    await using vm = await startSparseVm()
    await runCommand(['guest-set', '2', 'on', ...vm.both])
    const { code, stdout, stderr } = await runCommand(['map', ...vm.both])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.split('\n')).toEqual([
      '       map         count  ids',
      'QEMU   online          4  0-1,3,5',
      '       onlinable       4  2,4,6-7',
      '       offlinable      3  1,3,5',
      '       possible        8  0-7',
      'guest  online          3  0-2',
      '       offlinable      2  1-2',
      '       onlinable       1  3',
      '       possible        4  0-3',
      '',
      '0  #+.!.+..',
      '',
      '# plugged, fixed: 1',
      '+ plugged, can be unplugged: 2',
      '! plugged, but the guest does not run it: 1',
      '. free: 4',
      '',
    ])
  })

  it('asks each of them as little as it can', async () => {
    await using vm = startVm()
    await runCommand(['map', ...vm.qmp])
    expect(vm.qemu.commands.map(({ command }) => command)).toEqual([
      'qmp_capabilities',
      'query-hotpluggable-cpus',
      'query-cpus-fast',
      // Whether the machine has ACPI: without it nothing is onlinable or offlinable.
      'qom-get',
    ])
  })

  it('stays readable on the largest machine', async () => {
    await using vm = startVm({ kind: 'x86', bootVcpus: 1_500, maxcpus: 4_096 })
    const { code, stdout } = await runCommand(['map', ...vm.qmp], { isTerminal: true, columns: 80 })
    expect(code).toBe(0)
    const lines = stripVTControlCharacters(stdout).split('\n')
    expect(lines.length).toBeLessThan(30)
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80)
  })

  it('shows a machine without hotplug as what it is', async () => {
    await using vm = startVm({ kind: 'no-hotplug', bootVcpus: 2 })
    expect(documentOf(await runCommand(['map', '--json', ...vm.qmp]))).toEqual({
      qemu: { online: '0-1', onlinable: '', offlinable: '', possible: '0-1' },
      agent: null,
    })
  })
})

describe('list', () => {
  it('prints every vCPU for scripts, in the fields and the order of the contract', async () => {
    await using vm = await startSparseVm()
    const run = await runCommand(['list', '--json', ...vm.both])
    expect(run).toMatchObject({ code: 0, stderr: '' })
    expect(run.stdout).toMatch(
      /^\{"vcpus":\[\{"id":0,"online":true,"offlinable":false,"slot":\[0\],"type":"[\w-]+-cpu","deviceId":null,"qomPath":"\/machine\/unattached\/device\[0\]","props":\{"core-id":0,"thread-id":0,"socket-id":0\},"hostThreadId":4000,"guest":\{"id":0,"online":true,"confidence":"exact","canOffline":false\}\},/,
    )
    const { vcpus } = documentOf(run) as { vcpus: { id: number }[] }
    expect(vcpus.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(vcpus[2]).toEqual({
      id: 2,
      online: false,
      offlinable: false,
      slot: [2],
      type: expect.stringMatching(/-cpu$/) as unknown,
      deviceId: null,
      qomPath: null,
      props: { 'core-id': 2, 'thread-id': 0, 'socket-id': 0 },
      hostThreadId: null,
      guest: null,
    })
    expect(vcpus[5]).toMatchObject({
      deviceId: expect.stringMatching(/^vcpu5-/) as unknown,
      qomPath: expect.stringMatching(/^\/machine\/peripheral\/vcpu5-/) as unknown,
      guest: { id: 2, online: false },
    })
  })

  it('shows people one line a vCPU', async () => {
    await using vm = await startSparseVm()
    const { code, stdout } = await runCommand(['list', ...vm.both])
    expect(code).toBe(0)
    const lines = stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(9)
    expect(lines[6]).toMatch(
      /^ {3}5 {2}plugged {9}vcpu5-\w{8} {2}socket 0 core 5 thread 0 +\d+ {2}2 off +\/machine\/peripheral\/vcpu5-/,
    )
  })

  it('does not ask the guest where no agent was given', async () => {
    await using vm = startVm()
    const { stdout } = await runCommand(['list', ...vm.qmp])
    expect(stdout).not.toContain('guest')
  })
})

it('has colour on a terminal and obeys NO_COLOR', async () => {
  await using vm = startVm()
  for (const verb of ['map', 'list']) {
    const terminal = { isTerminal: true, columns: 100 }
    const colour = await runCommand([verb, ...vm.qmp], terminal)
    const plain = await runCommand([verb, ...vm.qmp], { ...terminal, env: { NO_COLOR: '1' } })
    expect(colour.stdout).toContain('\u001b[')
    expect(plain.stdout).not.toContain('\u001b')
    expect((await runCommand([verb, '--json', ...vm.qmp], terminal)).stdout).not.toContain('\u001b')
  }
})
