import { describe, expect, it } from 'vitest'
import { Refusal } from '../../../src/testing/index.ts'
import { runCommand, type CliRun } from '../../support/run-command.ts'
import { startVm } from './cli-vm.ts'
import { documentOf } from './expect-failure.ts'

const DONE = { code: 0, stderr: expect.stringMatching(/^(hint: .*\n)?$/) as unknown }

function sentenceOf(run: CliRun): string {
  expect(run).toMatchObject(DONE)
  return run.stdout
}

describe('set', () => {
  it('plugs a vCPU and tells scripts', async () => {
    await using vm = startVm()
    const run = await runCommand(['set', '5', 'on', '--json', ...vm.qmp])
    expect(run).toMatchObject(DONE)
    expect(run.stdout).toMatch(/^\{"changed":"5","outcome":"done","id":5,"online":true,/)
    expect(documentOf(run)).toMatchObject({ slot: '5', deviceId: expect.stringMatching(/^vcpu5-\w+$/) as unknown })
    expect(vm.qemu.pluggedVcpus).toEqual([0, 1, 5])
  })

  it('says in one sentence what has become of it', async () => {
    await using vm = startVm()
    expect(sentenceOf(await runCommand(['set', '5', 'on', ...vm.qmp]))).toMatch(
      /^vCPU 5 is plugged \(device vcpu5-\w+\)\n$/,
    )
    expect(sentenceOf(await runCommand(['set', '5', 'off', ...vm.qmp]))).toMatch(
      /^vCPU 5 is unplugged \(device vcpu5-\w+ has gone\)\n$/,
    )
    expect(sentenceOf(await runCommand(['set', '1', 'off', ...vm.qmp]))).toBe('vCPU 1 is unplugged\n')
    expect(vm.qemu.pluggedVcpus).toEqual([0])
  })

  it.each([
    ['1', 'on', 'plugged'],
    ['5', 'off', 'unplugged'],
  ])('leaves vCPU %s alone, which is %s already', async (id, state, word) => {
    await using vm = startVm()
    expect(sentenceOf(await runCommand(['set', id, state, ...vm.qmp]))).toBe(
      `vCPU ${id} was ${word} already; nothing sent\n`,
    )
    expect(documentOf(await runCommand(['set', id, state, '--json', ...vm.qmp]))).toMatchObject({
      changed: '',
      outcome: 'done',
      id: Number(id),
      online: state === 'on',
      slot: id,
      deviceId: null,
    })
    expect(vm.qemu.commands.map(({ command }) => command)).not.toContain('device_add')
    expect(vm.qemu.commands.map(({ command }) => command)).not.toContain('device_del')
  })

  it('moves a whole slot when asked to', async () => {
    await using vm = startVm({ kind: 'pseries', bootVcpus: 4, maxcpus: 16, threads: 4 })
    expect(sentenceOf(await runCommand(['set', '6', 'on', '--whole-slot', ...vm.qmp]))).toMatch(
      /^vCPUs 4-7 are plugged \(device vcpu4-\w+\)\n$/,
    )
    const off = await runCommand(['set', '4', 'off', '--whole-slot', '--json', ...vm.qmp])
    expect(documentOf(off)).toMatchObject({ changed: '4-7', id: 4, online: false, slot: '4-7' })
  })
})

describe('set --guest', () => {
  /** The sentence, and below it the steps with their times. */
  function told(sentence: string, steps: readonly string[]): RegExp {
    return new RegExp(`^${sentence}\\n${steps.map((step) => ` +\\d+ ms  ${step}: .+\\n`).join('')}$`)
  }

  it('touches a CPU of the guest that is known less well, if it is told to', async () => {
    await using vm = startVm()
    vm.agent.onCommand('guest-file-open', () => {
      throw new Refusal('Command guest-file-open has been disabled', 'CommandNotFound')
    })
    const run = await runCommand(['set', '1', 'off', '--guest', '--confidence', 'computed', '--json', ...vm.both])
    expect(documentOf(run)).toMatchObject({ changed: '1', guest: { ids: '1', changed: '1' } })
    expect(vm.qemu.pluggedVcpus).toEqual([0])
  })

  it('brings a vCPU up in the guest, and takes exactly that one out of it', async () => {
    await using vm = startVm()
    await runCommand(['set', '5', 'on', '--guest', ...vm.both])
    expect(sentenceOf(await runCommand(['set', '3', 'on', '--guest', ...vm.both]))).toMatch(
      told(String.raw`vCPU 3 is plugged \(device vcpu3-\w+\); guest CPU 3 was turned on`, [
        'device_add',
        'slot-filled',
        'guest-acknowledged',
        'listed-in-guest',
        'online-in-guest',
      ]),
    )
    expect(sentenceOf(await runCommand(['set', '5', 'off', '--guest', ...vm.both]))).toMatch(
      told(String.raw`vCPU 5 is unplugged \(device vcpu5-\w+ has gone\); guest CPU 2 was turned off first`, [
        'offline-in-guest',
        'device_del',
        'slot-empty',
      ]),
    )
    expect(vm.qemu.pluggedVcpus).toEqual([0, 1, 3])
    expect(vm.agent.guest.seats.map(({ logicalId, online }) => [logicalId, online])).toEqual([
      [0, true],
      [1, true],
      [3, true],
    ])
  })

  it('catches up in the guest with what is plugged already', async () => {
    await using vm = startVm()
    await runCommand(['set', '5', 'on', ...vm.both])
    const argv = ['set', '5', 'on', '--guest', ...vm.both]
    expect(sentenceOf(await runCommand(argv))).toMatch(
      told('vCPU 5 was plugged already; guest CPU 2 was turned on', ['online-in-guest']),
    )
    expect(sentenceOf(await runCommand(argv))).toMatch(
      told('vCPU 5 was plugged already; guest CPU 2 was on already; nothing sent', ['online-in-guest']),
    )
    expect(documentOf(await runCommand([...argv, '--json']))).toMatchObject({
      changed: '',
      guest: { ids: '2', changed: '' },
    })
  })
})

describe('guest-set', () => {
  it('turns a CPU of the guest on and off', async () => {
    await using vm = startVm()
    expect(documentOf(await runCommand(['guest-set', '1', 'off', '--json', ...vm.both]))).toEqual({
      changed: '1',
      outcome: 'done',
      id: 1,
      online: false,
    })
    expect(vm.agent.guest.seats.map(({ online }) => online)).toEqual([true, false])
    expect(sentenceOf(await runCommand(['guest-set', '1', 'on', ...vm.both]))).toBe('guest CPU 1 is on\n')
  })

  it('leaves one alone that has the state already', async () => {
    await using vm = startVm()
    expect(sentenceOf(await runCommand(['guest-set', '1', 'on', ...vm.both]))).toBe(
      'guest CPU 1 was on already; nothing sent\n',
    )
    expect(vm.agent.commands.map(({ command }) => command)).not.toContain('guest-set-vcpus')
  })
})
