import { describe, expect, it, onTestFinished } from 'vitest'
import type { CliIo } from '../../../src/cli/io.ts'
import { runCli } from '../../../src/cli/main.ts'
import { plain } from '../../../src/cli/render/style.ts'
import { watch } from '../../../src/cli/watch/watch.ts'
import { Domain, type Clock } from '../../../src/index.ts'
import { hang, Refusal, SimulatedAgent, SimulatedQemu } from '../../../src/testing/index.ts'
import { inMemory } from '../../support/addresses-in-memory.ts'
import { testClock, until } from '../../support/passing-clock.ts'
import { runCommand } from '../../support/run-command.ts'
import { startVm } from './cli-vm.ts'

const NOON = '12:00:00'
const ENTER = '\u001b[?1049h\u001b[?25l'
const LEAVE = '\u001b[?25h\u001b[?1049l'

/** A process in which it is always noon, and the second between two looks is over when the test says so. */
class Stage {
  readonly interruption = new AbortController()
  readonly clock: Clock = {
    now: () => testClock().now(),
    after: (_, task) => {
      this.#timers.add(task)
      return { cancel: () => this.#timers.delete(task), unref: () => undefined }
    },
  }
  readonly io: CliIo
  printed = ''
  told = ''
  readonly #timers = new Set<() => void>()

  constructor(io: Partial<CliIo> = {}) {
    this.io = {
      stdout: (text) => {
        this.printed += text
      },
      stderr: (text) => {
        this.told += text
      },
      env: {},
      isTerminal: false,
      columns: undefined,
      signal: this.interruption.signal,
      clock: this.clock,
      timeOfDay: () => new Date(2026, 0, 1, 12),
      ...io,
    }
  }

  /** The command; its domain is in the test's own time. */
  run(argv: readonly string[]): Promise<number> {
    const { connect } = inMemory(argv)
    return runCli(argv, { ...this.io, connect: (options) => connect({ ...options, clock: testClock() }) })
  }

  /** A second is over, once somebody waits for it. */
  async second(): Promise<void> {
    await until(() => this.#timers.size === 1)
    for (const task of [...this.#timers]) {
      this.#timers.delete(task)
      task()
    }
  }

  async shows(text: string): Promise<void> {
    await until(() => this.printed.includes(text))
  }
}

/** A VM that is watched through the very domain that the test changes it with. */
async function watched(
  stage: Stage,
  wantsJson = false,
): Promise<{ qemu: SimulatedQemu; domain: Domain; over: Promise<void> }> {
  const clock = testClock()
  const qemu = new SimulatedQemu({ kind: 'x86', bootVcpus: 2, maxcpus: 8 }, { clock })
  const agent = new SimulatedAgent(qemu.guest)
  const domain = await Domain.connect({ qmp: qemu.connect(), qga: agent.connect(), clock })
  onTestFinished(async () => {
    stage.interruption.abort()
    await domain.close()
    await qemu[Symbol.asyncDispose]()
    await agent[Symbol.asyncDispose]()
  })
  const options = (): object => ({})
  const over = watch({
    domain,
    call: options,
    each: options,
    hasAgent: true,
    wantsJson,
    io: stage.io,
    paint: plain,
    columns: stage.io.columns,
  })
  return { qemu, domain, over }
}

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
    expect(stage.printed.startsWith(`${ENTER}\u001b[H`)).toBe(true)
    await domain.setVcpuState(5, true, { guest: true })
    await stage.shows('the guest runs 3 of 3')
    const last = stage.printed.split('\u001b[H').at(-1) ?? ''
    expect(last).toContain('0  #+...+..')
    expect(last).toContain('QEMU online: 0-1 -> 0-1,5')
    const lines = last.replaceAll('\u001b[K', '').replace('\u001b[J', '').split('\r\n')
    expect(lines.length).toBeLessThanOrEqual(12)
    expect(lines.filter((line) => line.length > 52)).toEqual([])
    stage.interruption.abort()
    await over
    expect(stage.printed.endsWith(LEAVE)).toBe(true)
    expect(stage.printed.split(ENTER)).toHaveLength(2)
    expect(stage.printed.split(LEAVE)).toHaveLength(2)
  })

  it('cuts what a small screen has no room for', async () => {
    const stage = new Stage({ isTerminal: true, columns: 20, rows: 4 })
    const { over } = await watched(stage)
    await stage.shows('2 plugged (1 may go…')
    stage.interruption.abort()
    await over
    for (const drawn of stage.printed.split('\u001b[H').slice(1)) expect(drawn.split('\r\n')).toHaveLength(4)
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
    await stage.shows(isTerminal ? '2 plugged' : 'QEMU possible')
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
