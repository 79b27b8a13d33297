import { describe, expect, it } from 'vitest'
import { hang, Refusal } from '../../../src/testing/index.ts'
import { runCommand } from '../../support/run-command.ts'
import { startVm } from './cli-vm.ts'
import { terminalPicture } from './terminal-picture.ts'
import { Stage, watched } from './watch-stage.ts'

const NOON = '12:00:00'
const ENTER = '\u001b[?1049h\u001b[?25l'
const LEAVE = '\u001b[?25h\u001b[?1049l'

describe('watch, not on a terminal', () => {
  it('prints every map, and then a line for each that changes, at once', async () => {
    const stage = new Stage()
    const { domain, over } = await watched(stage)
    await stage.shows('guest possible: 0-1\n')
    expect(stage.printed.split('\n')).toEqual([
      `${NOON}  QEMU online: 0-1`,
      `${NOON}  QEMU onlinable: 2-7`,
      `${NOON}  QEMU offlinable: 1`,
      `${NOON}  QEMU possible: 0-7`,
      `${NOON}  guest online: 0-1`,
      `${NOON}  guest offlinable: 1`,
      `${NOON}  guest onlinable: none`,
      `${NOON}  guest possible: 0-1`,
      '',
    ])
    const before = stage.printed.length
    // No second passes: the event makes it look.
    await domain.setVcpuState(5, true, { guest: true })
    await stage.shows('QEMU online: 0-1 -> 0-1,5\n')
    // That the guest runs it no event tells.
    await stage.second()
    await stage.shows('guest online: 0-1 -> 0-2\n')
    const printed = stage.printed.slice(before)
    expect(printed).toMatch(/plugged vCPU 5 \(device vcpu5-\w+\)\n/)
    expect(printed).toContain(`${NOON}  QEMU online: 0-1 -> 0-1,5\n${NOON}  QEMU onlinable: 2-7 -> 2-4,6-7\n`)
    expect(printed).not.toContain('possible: 0-7')
    stage.interruption.abort()
    await over
  })

  it('sees within a second what no event tells', async () => {
    const stage = new Stage()
    const { qemu, domain } = await watched(stage)
    await stage.shows('guest possible: 0-1\n')
    qemu.guest.setOnline(1, false)
    await stage.second()
    await stage.shows('guest online: 0-1 -> 0\n')
    expect(String(await domain.getVcpuMap())).toBe('0-1')
  })

  it('tells a reset of the guest', async () => {
    const stage = new Stage()
    const { qemu } = await watched(stage)
    await stage.shows('guest possible: 0-1\n')
    qemu.emit('RESET', { guest: true, reason: 'guest-reset' })
    await stage.shows(`${NOON}  the guest was reset\n`)
  })

  it('shows QEMU’s side while the guest is mute, and the guest’s once it speaks again', async () => {
    await using vm = startVm()
    const stage = new Stage()
    vm.agent.silent = true
    const run = stage.run(['watch', '--timeout', '200', ...vm.both])
    await stage.shows('guest: not seen: no guest agent answered')
    expect(stage.printed).toContain('QEMU online: 0-1\n')
    vm.agent.silent = false
    await stage.second()
    await stage.shows('guest online: 0-1\n')
    stage.interruption.abort()
    expect(await run).toBe(0)
  })
})

describe('watch, on a terminal', () => {
  it('draws over the picture, cuts it to the screen, and gives the terminal back', async () => {
    const stage = new Stage({ isTerminal: true, columns: 52, rows: 12 })
    const { domain, over } = await watched(stage)
    await stage.shows('the guest runs 2 of 2')
    expect(stage.printed.startsWith(ENTER)).toBe(true)
    await domain.setVcpuState(5, true, { guest: true })
    await stage.second()
    await stage.shows('the guest runs 3 of 3')
    const { lines } = terminalPicture(stage.printed, 52, 12)
    expect(lines[1]).toBe('#0:0 +1:1 .2   .3   .4   +5:2 .6   .7')
    expect(lines.join('\n')).toContain('QEMU online: 0-1 -> 0-1,5')
    stage.interruption.abort()
    await over
    expect(stage.printed.endsWith(LEAVE)).toBe(true)
    expect(stage.printed.split(ENTER)).toHaveLength(2)
    expect(stage.printed.split(LEAVE)).toHaveLength(2)
  })

  it('cuts what a small screen has no room for', async () => {
    const stage = new Stage({ isTerminal: true, columns: 20, rows: 4 })
    const { over } = await watched(stage)
    await stage.shows('2 of 8 plugged; the')
    await stage.shows('guest runs 2 of 2')
    expect(terminalPicture(stage.printed, 20, 4).lines).toEqual([
      '2 of 8 plugged; the',
      'guest runs 2 of 2',
      '#0:0 +1:1 .2   .3',
      '.4   .5   .6   .7',
    ])
    stage.interruption.abort()
    await over
  })

  it('prints lines where the terminal cannot move its cursor', async () => {
    const stage = new Stage({ isTerminal: true, columns: 40, env: { TERM: 'dumb' } })
    const { over } = await watched(stage)
    await stage.shows('guest possible: 0-1\n')
    stage.interruption.abort()
    await over
    expect(stage.printed).not.toContain('\u001b')
  })
})

describe('watch ends', () => {
  it.each([false, true])('with 0 when it is interrupted, on a terminal: %s', async (isTerminal) => {
    await using vm = startVm()
    const stage = new Stage({ isTerminal, columns: 80, rows: 24 })
    const run = stage.run(['watch', ...vm.both])
    await stage.shows(isTerminal ? 'the guest runs' : 'guest possible')
    stage.interruption.abort()
    expect(await run).toBe(0)
    expect(stage.told).toBe('')
  })

  it('with 0 when it is interrupted in the middle of a look', async () => {
    await using vm = startVm()
    const stage = new Stage()
    vm.qemu.onCommand('query-cpus-fast', (args, usual) => {
      stage.interruption.abort()
      return hang(args, usual)
    })
    expect(await stage.run(['watch', ...vm.qmp])).toBe(0)
    expect(stage).toMatchObject({ printed: '', told: '' })
  })

  it.each([false, true])('with 3 when the VM goes away, on a terminal: %s', async (isTerminal) => {
    await using vm = startVm()
    const stage = new Stage({ isTerminal, columns: 80, rows: 24 })
    const run = stage.run(['watch', ...vm.qmp])
    await stage.shows(isTerminal ? '2 of 8 plugged' : 'QEMU possible')
    vm.qemu.kill()
    expect(await run).toBe(3)
    expect(stage.told).toMatch(/^qemu-vcpu: the VM is gone: [^\n]+\n$/)
    expect(stage.printed.endsWith(LEAVE)).toBe(isTerminal)
  })

  it('with 3 when there is no VM', async () => {
    expect(await runCommand(['watch', '--qmp', '/nonexistent/qmp.sock'])).toMatchObject({ code: 3, stdout: '' })
  })
})

describe('watch --json', () => {
  /** The documents printed so far, without their times. */
  function documents({ printed }: Stage): object[] {
    const lines = printed.split('\n').slice(0, -1)
    return lines.map((line) => {
      const { time, ...document } = JSON.parse(line) as { time: string }
      expect(time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
      return document
    })
  }

  const FIRST = {
    type: 'snapshot',
    qemu: { online: '0-1', onlinable: '2-7', offlinable: '1', possible: '0-7' },
    agent: { online: '0-1', offlinable: '1', onlinable: '', possible: '0-1' },
    pending: '',
  }

  it('prints a snapshot, then one document for each event and each change of a map', async () => {
    const stage = new Stage()
    const { domain, over } = await watched(stage, true)
    await stage.shows('snapshot')
    expect(documents(stage)).toEqual([FIRST])
    // No second passes: the event makes it look.
    const { deviceId } = await domain.setVcpuState(5, true)
    await stage.shows('"possible":"0-2"')
    const [, event, ...maps] = documents(stage)
    expect(event).toEqual({ type: 'plugged', ids: '5', deviceId })
    expect(maps.at(-1)).toEqual({
      type: 'maps',
      qemu: { online: '0-1,5', onlinable: '2-4,6-7', offlinable: '1,5', possible: '0-7' },
      agent: { online: '0-1', offlinable: '1', onlinable: '2', possible: '0-2' },
      pending: '',
    })
    stage.interruption.abort()
    await over
  })

  it('has QEMU’s half, and why the guest’s is missing', async () => {
    await using vm = startVm()
    vm.agent.onCommand('guest-get-vcpus', () => {
      throw new Refusal('not allowed', 'CommandNotFound')
    })
    const stage = new Stage()
    const run = stage.run(['watch', '--json', ...vm.both])
    await stage.shows('snapshot')
    expect(documents(stage)).toEqual([
      {
        ...FIRST,
        agent: null,
        error: expect.objectContaining({ code: 'ERR_COMMAND', outcome: 'not-sent' }) as unknown,
      },
    ])
    stage.interruption.abort()
    expect(await run).toBe(0)
  })

  it('ends with a document that says why when the VM goes away', async () => {
    await using vm = startVm()
    const stage = new Stage()
    const run = stage.run(['watch', '--json', ...vm.qmp])
    await stage.shows('snapshot')
    vm.qemu.kill()
    expect(await run).toBe(3)
    const [first, ...others] = stage.printed.trimEnd().split('\n')
    expect(JSON.parse(first ?? '')).toMatchObject({ type: 'snapshot', agent: null, pending: '' })
    expect(JSON.parse(others.at(-1) ?? '')).toMatchObject({ error: { code: 'ERR_CONNECTION_LOST' } })
  })
})
