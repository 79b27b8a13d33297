// The live picture as the person at the terminal sees it: what is on the screen, and what a key does.
import { describe, expect, it, onTestFinished } from 'vitest'
import { until } from '../../support/passing-clock.ts'
import { startVm, type CliVm } from './cli-vm.ts'
import { Seat } from './watch-stage.ts'

/** A person in front of `watch`; ends it with the test. */
async function sitDown(vm: CliVm, seat = new Seat(), argv: readonly string[] = vm.both) {
  const run = seat.run(['watch', ...argv])
  onTestFinished(async () => {
    seat.interruption.abort()
    await run
  })
  await seat.sees(argv.includes('--qga') ? 'the guest runs' : 'of 8 plugged')
  return { seat, run }
}

const UP = '\u001b[A'
const DOWN = '\u001b[B'
const RIGHT = '\u001b[C'
const LEFT = '\u001b[D'

describe('the picture', () => {
  it('has both ids of each vCPU, what the signs mean, where it points, and the keys', async () => {
    await using vm = startVm()
    const { seat } = await sitDown(vm)
    expect(seat.screen.lines.slice(0, 12)).toEqual([
      '2 of 8 plugged; the guest runs 2 of 2',
      '',
      '#0:0 +1:1 .2   .3   .4   .5   .6   .7',
      '',
      'vCPU 0: plugged, fixed; CPU 0 of the guest, on (exact); socket 0 core 0 thread',
      '0; host thread 4000',
      'arrows: move  p: plug  u: unplug  o: on  f: off (in the guest)  q: quit',
      '# plugged, fixed: 1   + plugged, can be unplugged: 1   . free: 6',
      '',
      '',
      '',
      '',
    ])
    expect(seat.screen).toMatchObject({ cursor: { row: 2, column: 0 }, isAlternate: true })
  })

  it('is drawn again when the terminal has another size', async () => {
    await using vm = startVm()
    const { seat } = await sitDown(vm)
    seat.resize(20, 6)
    expect(seat.screen.lines).toEqual([
      '2 of 8 plugged; the',
      'guest runs 2 of 2',
      '#0:0 +1:1 .2   .3',
      '.4   .5   .6   .7',
      'vCPU 0: plugged,',
      'hjkl p u o f q',
    ])
  })
})

describe('the arrows', () => {
  it('move the cursor, and not past an edge', async () => {
    await using vm = startVm()
    const { seat } = await sitDown(vm)
    seat.resize(24, 20)
    const at = () => /^vCPU (\d+):/m.exec(seat.text)?.[1]
    const walk = [LEFT, RIGHT, RIGHT, DOWN, DOWN, LEFT, UP, UP, 'G', RIGHT, 'g'].map((key) => {
      seat.press(key)
      return at()
    })
    expect(walk).toEqual(['0', '1', '2', '6', '6', '5', '1', '1', '7', '7', '0'])
    seat.press(RIGHT)
    expect(seat.screen.cursor?.column).toBe(5)
  })
})

describe('a change', () => {
  it('is shown and asked first, and carried out at y', async () => {
    await using vm = startVm()
    const { seat } = await sitDown(vm)
    seat.press(`${RIGHT.repeat(5)}p`)
    await seat.sees('Plug vCPU 5? y/n')
    expect(seat.text).toContain('Place: socket 0 core 5 thread 0. The guest may leave it off: then o turns it on.')
    expect(vm.qemu.pluggedVcpus).toEqual([0, 1])
    seat.press('y')
    await seat.sees('12:00:00  plug vCPU 5: done (device vcpu5-')
    expect(vm.qemu.pluggedVcpus).toEqual([0, 1, 5])
    await seat.sees('!5:2')
    seat.press('o')
    await seat.sees('Turn on CPU 2 of the guest? y/n')
    seat.press('y')
    await seat.sees('turn on CPU 2 of the guest: done')
    await seat.sees('+5:2')
    seat.press('f')
    seat.press('y')
    await seat.sees('!5:2')
    seat.press('u')
    await seat.sees('Unplug vCPU 5? y/n')
    seat.press('y')
    await seat.sees('unplug vCPU 5: done')
    expect(vm.qemu.pluggedVcpus).toEqual([0, 1])
  })

  it.each(['n', '\u001b', 'x', 'p', 'q', LEFT])('is not carried out at %j', async (key) => {
    await using vm = startVm()
    const { seat } = await sitDown(vm)
    seat.press('G')
    seat.press('p')
    await seat.sees('Plug vCPU 7? y/n')
    seat.press(key)
    await seat.sees('plug vCPU 7: left as it is')
    seat.press('y')
    await seat.second()
    await seat.second()
    expect(vm.qemu.pluggedVcpus).toEqual([0, 1])
  })

  it('takes no yes that was sent together with its key', async () => {
    await using vm = startVm()
    const { seat } = await sitDown(vm)
    seat.press('Gpy')
    await seat.sees('Plug vCPU 7? y/n')
    await seat.second()
    expect(seat.text).toContain('Plug vCPU 7? y/n')
    expect(vm.qemu.pluggedVcpus).toEqual([0, 1])
  })

  it.each([
    ['p', 'vCPU 0 is plugged already'],
    ['u', 'vCPU 0 cannot be unplugged'],
    ['o', 'CPU 0 of the guest is on already'],
    ['f', 'the guest cannot turn its CPU 0 off'],
    ['Gu', 'vCPU 7 is not plugged already'],
    ['Go', 'vCPU 7 is not plugged'],
  ])('that cannot be (%s) is not asked: %s', async (keys, why) => {
    await using vm = startVm()
    const { seat } = await sitDown(vm)
    seat.press(keys)
    await seat.sees(why)
    expect(seat.text).not.toContain('y/n')
  })

  it('in the guest needs the agent', async () => {
    await using vm = startVm()
    const { seat } = await sitDown(vm, new Seat(), vm.qmp)
    seat.press('o')
    await seat.sees('on needs the guest agent (--qga)')
    expect(seat.text).toContain('#0 +1 .2 .3 .4 .5 .6 .7')
  })

  it('is withdrawn when another client was faster', async () => {
    await using vm = startVm()
    const { seat } = await sitDown(vm)
    seat.press('Gp')
    await seat.sees('Plug vCPU 7? y/n')
    vm.qemu.command('device_add', {
      driver: 'qemu64-x86_64-cpu',
      id: 'another',
      'socket-id': 0,
      'core-id': 7,
      'thread-id': 0,
    })
    await seat.second()
    await seat.sees('vCPU 7 has changed meanwhile: plug vCPU 7 was not done')
    seat.press('y')
    await seat.second()
    expect(vm.qemu.commands.map(({ command }) => command)).not.toContain('device_add')
  })

  it('is withdrawn when the guest was reset, since its CPUs may be others', async () => {
    await using vm = startVm()
    const { seat } = await sitDown(vm)
    seat.press(`${RIGHT}f`)
    await seat.sees('Turn off CPU 1 of the guest? y/n')
    vm.qemu.emit('RESET', { guest: true, reason: 'guest-reset' })
    await seat.sees('turn off CPU 1 of the guest was not done: the guest was reset')
    expect(vm.agent.commands.map(({ command }) => command)).not.toContain('guest-set-vcpus')
  })

  it('that the guest refuses marks the vCPU until it is requested again', async () => {
    await using vm = startVm()
    vm.qemu.guest.onUnplug = 'refuse'
    const { seat } = await sitDown(vm)
    seat.press(`${RIGHT}u`)
    seat.press('y')
    await seat.sees('x1:1')
    await seat.sees(/unplug vCPU 1: rejected: the guest refused the unplug of vCPU 1/)
    vm.qemu.guest.onUnplug = 'ignore'
    seat.press('u')
    seat.press('y')
    await seat.sees('~1:1')
    await seat.sees('unplug pending: 1')
  })

  it('of a slot of several vCPUs says so', async () => {
    await using vm = startVm({ kind: 'pseries', bootVcpus: 8, maxcpus: 32, threads: 8 })
    const { seat } = await sitDown(vm)
    expect(seat.text).toContain('[.8 ')
    seat.press(`${RIGHT.repeat(9)}p`)
    await seat.sees('Plug vCPUs 8-15? y/n')
    expect(seat.text).toContain('QEMU changes these 8 as one slot.')
    seat.press('y')
    await until(() => vm.qemu.pluggedVcpus.length === 16)
  })
})

describe('q', () => {
  it('ends with 0 and gives the terminal back', async () => {
    await using vm = startVm()
    const { seat, run } = await sitDown(vm)
    expect(seat.isHeld).toBe(true)
    seat.press('q')
    expect(await run).toBe(0)
    expect(seat.isHeld).toBe(false)
    expect(seat.screen).toMatchObject({ isAlternate: false })
    expect(seat.told).toBe('')
  })

  it('asks once more in the middle of a change, and then ends with 4', async () => {
    await using vm = startVm()
    vm.qemu.guest.onUnplug = 'ignore'
    const { seat, run } = await sitDown(vm)
    seat.press(`${RIGHT}u`)
    seat.press('y')
    await seat.sees('~1:1')
    seat.press('q')
    await seat.sees('unplug vCPU 1 is not done yet: q again leaves it running')
    seat.press('q')
    expect(await run).toBe(4)
    expect(seat.told).toMatch(/^qemu-vcpu: interrupted \(it may have been done, or still be/)
  })

  it.each([
    [
      '^C',
      (seat: Seat) => {
        seat.press('\u0003')
      },
    ],
    [
      'SIGINT',
      (seat: Seat) => {
        seat.interruption.abort()
      },
    ],
  ])('%s does so at once', async (_, interrupt) => {
    await using vm = startVm()
    vm.qemu.guest.onUnplug = 'ignore'
    const { seat, run } = await sitDown(vm)
    seat.press(`${RIGHT}u`)
    seat.press('y')
    await seat.sees('~1:1')
    interrupt(seat)
    expect(await run).toBe(4)
    expect(seat.isHeld).toBe(false)
  })
})
