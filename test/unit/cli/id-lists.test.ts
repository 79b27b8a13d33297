import { describe, expect, it } from 'vitest'
import { Refusal } from '../../../src/testing/index.ts'
import { runCommand } from '../../support/run-command.ts'
import { startVm } from './cli-vm.ts'
import { documentOf } from './expect-failure.ts'

describe('set with a list of ids', () => {
  it('plans it as a whole, and plugs one vCPU after the other', async () => {
    await using vm = startVm()
    const run = await runCommand(['set', '3-6,^5', 'on', '--json', ...vm.qmp])
    expect(run).toMatchObject({ code: 0, stderr: '' })
    expect(documentOf(run)).toMatchObject({ changed: '3-4,6', outcome: 'done', ids: '3-4,6', online: true, plugged: 5 })
    expect(vm.qemu.pluggedVcpus).toEqual([0, 1, 3, 4, 6])
    const off = await runCommand(['set', '3,6', 'off', ...vm.qmp])
    expect(off).toMatchObject({ code: 0, stdout: 'vCPUs 3,6 are unplugged\n' })
    expect(vm.qemu.pluggedVcpus).toEqual([0, 1, 4])
    expect(await runCommand(['set', '0-1', 'on', ...vm.qmp])).toMatchObject({
      code: 0,
      stdout: 'vCPUs 0-1 were plugged already; nothing sent\n',
    })
  })

  it('sends nothing when one of them cannot be changed', async () => {
    await using vm = startVm()
    const run = await runCommand(['set', '5-9', 'on', '--json', ...vm.qmp])
    expect(run.code).toBe(1)
    expect(documentOf(run)).toMatchObject({ error: { code: 'ERR_NO_SUCH_VCPU', outcome: 'not-sent' } })
    expect(vm.qemu.pluggedVcpus).toEqual([0, 1])
  })

  it('says what was changed when one of them is refused, and takes it back with --rollback', async () => {
    await using vm = startVm()
    vm.qemu.onCommand('device_add', (args, usual) => {
      if (args['core-id'] === 6) throw new Refusal('out of memory')
      return usual()
    })
    const run = await runCommand(['set', '5-7', 'on', '--json', ...vm.qmp])
    expect(run.code).toBe(1)
    expect(documentOf(run)).toMatchObject({
      error: { code: 'ERR_SCALE_INCOMPLETE', outcome: 'partial', changed: '5', failed: '6', notTried: '7' },
    })
    const undone = await runCommand(['set', '6-7', 'on', '--rollback', '--json', ...vm.qmp])
    expect(documentOf(undone)).toMatchObject({ error: { outcome: 'rejected', changed: '', failed: '6' } })
    expect(vm.qemu.pluggedVcpus).toEqual([0, 1, 5])
  })

  it('moves the slots that hold them, where it is asked to', async () => {
    await using vm = startVm({ kind: 'pseries', bootVcpus: 4, maxcpus: 16, threads: 4 })
    expect(documentOf(await runCommand(['set', '6,9', 'on', '--json', ...vm.qmp]))).toMatchObject({
      error: { code: 'ERR_PART_OF_SLOT', outcome: 'not-sent' },
    })
    const run = await runCommand(['set', '6,9', 'on', '--whole-slot', '--json', ...vm.qmp])
    expect(documentOf(run)).toMatchObject({ changed: '4-11', ids: '6,9' })
  })

  it('carries each of them through into the guest', async () => {
    await using vm = startVm()
    const run = await runCommand(['set', '5-6', 'on', '--guest', '--json', ...vm.both])
    expect(documentOf(run)).toMatchObject({ changed: '5-6', outcome: 'done' })
    expect(vm.qemu.guest.vcpus().filter(({ online }) => online)).toHaveLength(4)
  })
})

describe('guest-set and guest-scale', () => {
  const agentOnly = (argv: readonly string[]): readonly string[] => argv.slice(2)

  it('need the agent alone, and do not connect the monitor', async () => {
    await using vm = startVm()
    const run = await runCommand(['guest-set', '1', 'off', '--json', ...agentOnly(vm.both)])
    expect(documentOf(run)).toMatchObject({ changed: '1', outcome: 'done', id: 1, online: false })
    const beside = ['guest-set', '1', 'on', '--qmp', '/nonexistent/held-by-another', ...agentOnly(vm.both)]
    expect(await runCommand(beside)).toMatchObject({ code: 0, stdout: 'guest CPU 1 is on\n' })
    expect(vm.qemu.commands).toEqual([])
  })

  it('take a list, checked before anything is sent', async () => {
    await using vm = startVm({ kind: 'x86', bootVcpus: 4, maxcpus: 8 })
    const qga = agentOnly(vm.both)
    expect(documentOf(await runCommand(['guest-set', '1-3,^2', 'off', '--json', ...qga]))).toMatchObject({
      changed: '1,3',
      outcome: 'done',
      ids: '1,3',
      online: false,
      running: 2,
    })
    const refused = await runCommand(['guest-set', '0,2', 'off', '--json', ...qga])
    expect(refused.code).toBe(1)
    expect(documentOf(refused)).toMatchObject({ error: { code: 'ERR_NOT_OFFLINABLE', outcome: 'not-sent' } })
    const unknown = await runCommand(['guest-set', '1,9', 'on', '--json', ...qga])
    expect(documentOf(unknown)).toMatchObject({ error: { code: 'ERR_NO_SUCH_VCPU', outcome: 'not-sent' } })
    expect(await runCommand(['guest-set', '1-3', 'on', ...qga])).toMatchObject({
      code: 0,
      stdout: 'guest CPUs 1,3 are on\n',
    })
  })

  it('reach a count that the guest runs, and plug nothing', async () => {
    await using vm = startVm({ kind: 'x86', bootVcpus: 4, maxcpus: 8 })
    const qga = agentOnly(vm.both)
    expect(documentOf(await runCommand(['guest-scale', '2', '--json', ...qga]))).toEqual({
      changed: '2-3',
      outcome: 'done',
      online: 2,
    })
    expect(await runCommand(['guest-scale', '3', ...qga])).toMatchObject({
      code: 0,
      stdout: 'guest CPU 2 changed; the guest runs 3 CPUs now\n',
    })
    expect(await runCommand(['guest-scale', '3', ...qga])).toMatchObject({
      stdout: 'the guest runs 3 CPUs already; nothing sent\n',
    })
    const tooMany = await runCommand(['guest-scale', '5', '--json', ...qga])
    expect(tooMany.code).toBe(1)
    expect(documentOf(tooMany)).toMatchObject({
      error: { code: 'ERR_NOT_REACHABLE', outcome: 'not-sent', nearestBelow: 4, nearestAbove: null },
    })
    const tooFew = await runCommand(['guest-scale', '0', '--json', ...qga])
    expect(documentOf(tooFew)).toMatchObject({
      error: { code: 'ERR_NOT_REACHABLE', nearestBelow: null, nearestAbove: 1 },
    })
    expect(vm.qemu.commands).toEqual([])
  })

  it('say what was changed when the guest refuses one', async () => {
    await using vm = startVm({ kind: 'x86', bootVcpus: 4, maxcpus: 8 })
    vm.agent.onCommand('guest-set-vcpus', (args, usual) => {
      if (JSON.stringify(args).includes('"logical-id":2')) throw new Refusal('Device or resource busy')
      return usual()
    })
    const run = await runCommand(['guest-scale', '1', '--json', ...agentOnly(vm.both)])
    expect(run.code).toBe(1)
    expect(documentOf(run)).toMatchObject({
      error: {
        code: 'ERR_SCALE_INCOMPLETE',
        outcome: 'partial',
        changed: '3',
        failed: '2',
        notTried: '1',
        inDoubt: '',
      },
    })
  })
})
