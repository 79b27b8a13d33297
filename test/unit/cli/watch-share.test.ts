// `watch --share`: between two looks the monitor, which serves one client, is free for another command.
import { describe, expect, it, onTestFinished } from 'vitest'
import { QmpClient } from '../../../src/qmp/index.ts'
import { addressOf } from '../../support/addresses-in-memory.ts'
import { testClock } from '../../support/passing-clock.ts'
import { runCommand } from '../../support/run-command.ts'
import { startVm, type CliVm } from './cli-vm.ts'
import { Seat, Stage } from './watch-stage.ts'

async function share<S extends Stage>(stage: S, vm: Pick<CliVm, 'both'>, flags: readonly string[] = []) {
  const run = stage.run(['watch', '--share', ...flags, ...vm.both])
  onTestFinished(async () => {
    stage.interruption.abort()
    await run
  })
  await stage.waits()
  return { stage, run }
}

describe('watch --share', () => {
  it('lets another command have the monitor between looks, and shows what that did', async () => {
    await using vm = startVm()
    const { stage } = await share(new Stage(), vm)
    expect(stage.printed).toContain('guest online: 0-1\n')
    const { code } = await runCommand(['set', '5', 'on', '--guest', ...vm.both])
    expect(code).toBe(0)
    await stage.second()
    await stage.shows('QEMU online: 0-1 -> 0-1,5\n')
    await stage.shows('guest online: 0-1 -> 0-2\n')
  })

  it('without the flag does not', async () => {
    await using vm = startVm()
    const stage = new Stage()
    const run = stage.run(['watch', ...vm.both])
    await stage.shows('guest online: 0-1\n')
    const other = await runCommand(['map', ...vm.both])
    expect(other).toMatchObject({ code: 3 })
    expect(other.stderr).toContain('QEMU serves one at a time')
    stage.interruption.abort()
    await run
  })

  it('acts on keys, holding the monitor until the change is done', async () => {
    await using vm = startVm()
    const { stage: seat } = await share(new Seat(), vm)
    seat.press('Gp')
    await seat.sees('Plug vCPU 7? y/n')
    seat.press('y')
    await seat.sees('plug vCPU 7: done')
    await seat.sees('!7:2')
    await seat.waits()
    expect((await runCommand(['map', ...vm.both])).code).toBe(0)
  })

  it('waits while another client has the monitor, and says so', async () => {
    await using vm = startVm()
    const { stage } = await share(new Stage(), vm)
    const other = await QmpClient.connect(vm.qemu.connect(), { clock: testClock() })
    await stage.second()
    await stage.shows('not seen: ')
    expect(stage.printed).toContain('QEMU serves one at a time')
    await other.close()
    await stage.second()
    await stage.shows('seen again\n')
    expect(stage.printed.split('not seen')).toHaveLength(2)
  })

  it('says so with --json too, in documents', async () => {
    await using vm = startVm()
    const { stage } = await share(new Stage(), vm, ['--json'])
    const other = await QmpClient.connect(vm.qemu.connect(), { clock: testClock() })
    await stage.second()
    await stage.shows('"not-seen"')
    await other.close()
    await stage.second()
    await stage.shows('"maps"')
    const types = stage.printed
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { type: string }).type)
    expect(types).toEqual(['snapshot', 'not-seen', 'maps'])
  })

  it('does not hold the monitor for a guest that is mute: ten looks pass without it', async () => {
    await using vm = startVm()
    vm.agent.silent = true
    const { stage } = await share(new Stage(), vm)
    await stage.shows('guest: not seen')
    const asked = vm.agent.commands.length
    const from = testClock().now()
    for (let look = 0; look < 9; look++) await stage.second()
    await stage.waits()
    expect(vm.agent.commands.length).toBe(asked)
    expect(testClock().now() - from).toBeLessThan(2_000)
  })

  it('ends with 3 when the VM is gone, and with 0 at ^C', async () => {
    await using vm = startVm()
    let isGone = false
    const address = addressOf(() => {
      if (isGone) throw new Error('connect ENOENT')
      return vm.qemu.connect()
    })
    const { stage, run } = await share(new Stage(), { ...vm, both: ['--qmp', address, '--qga', vm.both[3]] })
    isGone = true
    await stage.second()
    expect(await run).toBe(3)
    expect(stage.told).toMatch(/^qemu-vcpu: the VM is gone: [^\n]+\n$/)
    const { stage: seat, run: ended } = await share(new Seat(), vm)
    seat.press('\u0003')
    expect(await ended).toBe(0)
    expect(seat.isHeld).toBe(false)
  })
})
