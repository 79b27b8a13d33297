import { describe, expect, it } from 'vitest'
import { runCommand } from '../../support/run-command.ts'
import { startVm } from './cli-vm.ts'
import { documentOf } from './expect-failure.ts'

describe('doctor', () => {
  it('says so when nothing stands in the way', async () => {
    await using vm = startVm()
    expect(await runCommand(['doctor', ...vm.both])).toEqual({
      code: 0,
      stdout: 'nothing stands in the way\n',
      stderr: '',
    })
    expect(documentOf(await runCommand(['doctor', '--json', ...vm.both]))).toEqual({ findings: [] })
  })

  it('prints a block for each finding, and ends with 0: findings are no failure', async () => {
    await using vm = startVm({ kind: 'x86', bootVcpus: 2, maxcpus: 2 })
    const run = await runCommand(['doctor', ...vm.qmp])
    expect(run).toMatchObject({ code: 0, stderr: '' })
    expect(run.stdout).toMatch(
      /^blocks: nothing can be plugged: every slot is filled \(no-free-slot\)\n {2}seen: plugged: 0-1; possible: 0-1\n {2}do: {3}start the VM .*\n\nnotes: .* \(agent-not-given\)\n {2}seen: .*\n {2}do: {3}.*\n$/,
    )
  })

  it('says that nothing stands in the way after notes, too', async () => {
    await using vm = startVm()
    const run = await runCommand(['doctor', ...vm.qmp])
    expect(run.stdout).toMatch(/^notes: .* \(agent-not-given\)\n.*\n.*\n\nnothing stands in the way\n$/)
  })

  it('tells scripts each finding whole', async () => {
    await using vm = startVm({ kind: 'no-hotplug', bootVcpus: 2 })
    const text = expect.any(String) as string
    expect(documentOf(await runCommand(['doctor', '--json', ...vm.both]))).toStrictEqual({
      findings: [{ code: 'no-hotplug', severity: 'blocks', summary: text, evidence: text, advice: text }],
    })
  })

  it('breaks its lines to fit a terminal, and colours the severities', async () => {
    await using vm = startVm()
    const { stdout } = await runCommand(['doctor', ...vm.qmp], { isTerminal: true, columns: 40 })
    expect(stdout.startsWith('\u001b[1mnotes\u001b[22m: ')).toBe(true)
    const lines = stdout.replace('\u001b[1m', '').replace('\u001b[22m', '').split('\n')
    expect(lines.length).toBeGreaterThan(7)
    expect(lines.filter((line) => line.length > 40)).toEqual([])
  })

  it('finds an agent’s channel that is not there, and still looks at the rest', async () => {
    await using vm = startVm({ kind: 'x86', bootVcpus: 2, maxcpus: 2 })
    const run = await runCommand(['doctor', '--json', ...vm.qmp, '--qga', '/nonexistent/none.sock'])
    expect(run.code).toBe(0)
    expect(documentOf(run)).toMatchObject({ findings: [{ code: 'no-free-slot' }, { code: 'agent-unreachable' }] })
  })

  it('explains a monitor that somebody else holds', async () => {
    await using vm = startVm()
    vm.qemu.connect()
    const argv = ['doctor', '--timeout', '150', ...vm.qmp]
    const people = await runCommand(argv)
    expect(people.code).toBe(3)
    expect(people.stdout).toMatch(
      /^blocks: the monitor .* \(monitor-busy\)\n {2}seen: .*\n {2}do: {3}close the other client/,
    )
    expect(people.stderr).toMatch(/^qemu-vcpu: .*another client probably holds this monitor[^\n]*\n$/)
    const scripts = await runCommand([...argv, '--json'])
    expect(scripts.code).toBe(3)
    expect(documentOf(scripts)).toMatchObject({
      error: { code: 'ERR_MONITOR_BUSY', outcome: 'not-sent' },
      findings: [{ code: 'monitor-busy', severity: 'blocks' }],
    })
  })

  it('explains a monitor that is not there', async () => {
    const run = await runCommand(['doctor', '--json', '--qmp', '/nonexistent/qmp.sock'])
    expect(run.code).toBe(3)
    expect(documentOf(run)).toMatchObject({
      error: { code: 'ERR_CONNECT' },
      findings: [{ code: 'monitor-unreachable' }],
    })
  })

  it('tells wrong usage as every verb does', async () => {
    const run = await runCommand(['doctor', 'now', '--json', '--qmp', '/nonexistent/qmp.sock'])
    expect(run.code).toBe(2)
    expect(documentOf(run)).toMatchObject({ error: { code: 'ERR_USAGE' } })
  })
})
