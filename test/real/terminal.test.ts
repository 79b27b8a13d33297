// The command as a person has it: in a real terminal, with a real shell; the VM behind it is simulated, on real sockets.
import { readFile } from 'node:fs/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startVmOnSockets } from '../unit/cli/cli-vm.ts'
import type { SimulatedQemuOptions } from '../../src/testing/index.ts'
import { eventually } from './support/eventually.ts'
import { openTerminal, type TerminalOptions, type TmuxTerminal } from './support/tmux.ts'

const ESCAPE = '\u001b'

/** A VM, and a terminal whose shell knows where it is. */
async function sitDown(machine?: SimulatedQemuOptions, options: TerminalOptions = {}) {
  const vm = await startVmOnSockets(machine)
  onTestFinished(() => vm[Symbol.asyncDispose]())
  const [, qmp, , qga] = vm.both
  const env = { QEMU_VCPU_QMP: qmp, QEMU_VCPU_QGA: qga, ...options.env }
  const terminal = await openTerminal({ ...options, env })
  onTestFinished(() => terminal[Symbol.asyncDispose]())
  return { vm, terminal }
}

async function watching(terminal: TmuxTerminal, flags = ''): Promise<void> {
  await terminal.enter(`echo before; qemu-vcpu watch ${flags}`)
  await terminal.sees('the guest runs')
}

/** The shell's own screen is back: what stood there before, a cursor, and a terminal that echoes. */
async function expectGivenBack(terminal: TmuxTerminal, status: number | string): Promise<string> {
  await terminal.sees(/^\$$/m)
  await terminal.enter(
    'echo "status $?"; stty -a | tr ";" "\\n" | grep -w echo | tr " " "\\n" | grep -x -e -echo -e echo',
  )
  const shown = await terminal.sees(new RegExp(`^status ${String(status)}\necho$`, 'm'))
  expect(shown).toContain('before\n')
  expect(await terminal.state('alternate_on')).toBe('0')
  expect(await terminal.state('cursor_flag')).toBe('1')
  return shown
}

describe('watch', () => {
  test('acts on keys, each asked first, and gives the terminal back at q', async () => {
    const { vm, terminal } = await sitDown()
    await watching(terminal)
    expect(await terminal.state('alternate_on')).toBe('1')
    expect((await terminal.lines())[2]).toBe('#0:0 +1:1 .2   .3   .4   .5   .6   .7')
    await terminal.press('Right', 'Right', 'Right', 'Right', 'Right')
    await terminal.sees('vCPU 5: free')
    expect(await terminal.state('cursor_x')).toBe('25')
    await terminal.press('p')
    await terminal.sees('Plug vCPU 5? y/n')
    expect(vm.qemu.pluggedVcpus).toEqual([0, 1])
    await terminal.press('y')
    await terminal.sees('!5:2')
    await terminal.press('o')
    await terminal.sees('Turn on CPU 2 of the guest? y/n')
    await terminal.press('y')
    await terminal.sees('+5:2')
    await terminal.press('u')
    await terminal.sees('Unplug vCPU 5? y/n')
    await terminal.press('y')
    await terminal.sees('unplug vCPU 5: done')
    expect(vm.qemu.pluggedVcpus).toEqual([0, 1])
    await terminal.press('q')
    await expectGivenBack(terminal, 0)
  })

  test('follows the size of its terminal, down to 20 columns', async () => {
    const { terminal } = await sitDown({ kind: 'x86', bootVcpus: 4, sockets: 2, cores: 8, threads: 2 })
    await watching(terminal)
    for (const [columns, rows] of [
      [120, 40],
      [40, 12],
      [20, 8],
      [20, 24],
      [80, 24],
    ] as const) {
      await terminal.resize(columns, rows)
      const shown = await terminal.sees(columns < 73 ? /hjkl/ : /arrows: move/)
      const lines = shown.split('\n')
      expect(lines.length).toBeLessThanOrEqual(rows)
      // What does not fit a terminal wraps, or scrolls the first line away.
      expect(lines[0]).toMatch(/^4 of 32 plugged/)
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns)
    }
  })

  test('has no colour with NO_COLOR, and lines where the terminal is dumb', async () => {
    const { terminal } = await sitDown(undefined, { env: { NO_COLOR: '1' } })
    await watching(terminal)
    expect((await terminal.inks()).join('\n')).not.toContain('\u001b[3')
    await terminal.press('q')
    await expectGivenBack(terminal, 0)
    await terminal.enter('clear; TERM=dumb qemu-vcpu watch')
    await terminal.sees(/^\d\d:\d\d:\d\d {2}guest online: 0-1$/m)
    await terminal.press('C-c')
    await terminal.enter('echo "status $?"')
    await terminal.sees('status 0')
  })

  test.each([['^C', 'C-c']] as const)('ends at %s, and in the middle of a change with 4', async (_, key) => {
    const { vm, terminal } = await sitDown()
    await watching(terminal)
    await terminal.press(key)
    await expectGivenBack(terminal, 0)
    vm.qemu.guest.onUnplug = 'ignore'
    await terminal.enter('clear')
    await watching(terminal)
    await terminal.press('Right', 'u')
    await terminal.sees('Unplug vCPU 1? y/n')
    await terminal.press('y')
    await terminal.sees('~1:1')
    await terminal.press(key)
    expect(await expectGivenBack(terminal, 4)).toContain('qemu-vcpu: interrupted (it may have been done')
  })

  test.each([
    ['SIGTERM', 0],
    ['SIGINT', 0],
    ['SIGHUP', 129],
    ['SIGQUIT', 131],
  ] as const)('gives the terminal back at %s', async (signal, status) => {
    const { terminal } = await sitDown()
    await watching(terminal)
    process.kill(await terminal.runningPid(), signal)
    await expectGivenBack(terminal, status)
  })

  test('gives the terminal back at a second SIGTERM, while the end takes its time', async () => {
    const { vm, terminal } = await sitDown()
    await watching(terminal)
    const pid = await terminal.runningPid()
    // It is asked to end in the middle of a look that never ends: closing the domain does end it, so both come at once.
    vm.qemu.onCommand('query-cpus-fast', () => {
      process.kill(pid, 'SIGTERM')
      process.kill(pid, 'SIGTERM')
      return new Promise(() => undefined)
    })
    await expectGivenBack(terminal, '(0|143)')
  })

  test('gives the terminal back before the stack of an exception is printed', async () => {
    const boom = `--import data:text/javascript,process.on("SIGUSR2",()=>{throw(new(Error)("boom"))})`
    const { terminal } = await sitDown(undefined, { env: { NODE_FLAGS: boom } })
    await watching(terminal)
    process.kill(await terminal.runningPid(), 'SIGUSR2')
    expect(await expectGivenBack(terminal, 1)).toContain('boom')
  })

  test('gives the terminal back while ^Z suspends it, and takes it again at fg', async () => {
    const { terminal } = await sitDown()
    await watching(terminal)
    await terminal.press('C-z')
    await terminal.sees('Stopped')
    await expectGivenBack(terminal, 148)
    await terminal.enter('fg')
    await terminal.sees('the guest runs')
    expect(await terminal.state('alternate_on')).toBe('1')
    await terminal.press('q')
    await expectGivenBack(terminal, 0)
  })

  test('gives the terminal back when the VM goes away, and says so on it', async () => {
    const { vm, terminal } = await sitDown()
    await watching(terminal)
    await vm.qemu[Symbol.asyncDispose]()
    expect(await expectGivenBack(terminal, 3)).toContain('qemu-vcpu: the VM is gone:')
  })

  test('takes no keys where its input is not the terminal', async () => {
    const { terminal } = await sitDown()
    await watching(terminal, '</dev/null')
    const shown = await terminal.lines()
    expect(shown.join('\n')).not.toContain('q: quit')
    expect(await terminal.state('cursor_flag')).toBe('0')
    await terminal.press('C-c')
    await expectGivenBack(terminal, 0)
  })

  test('ends when the reader of its lines has gone', async () => {
    const { vm, terminal } = await sitDown()
    await terminal.enter('echo before; qemu-vcpu watch | head -n 1; echo "pipe ${PIPESTATUS[0]}"')
    await terminal.sees('QEMU online: 0-1')
    await eventually('it has noticed', async () => {
      vm.qemu.emit('RESET', { guest: true, reason: 'guest-reset' })
      return (await terminal.lines()).includes('pipe 0')
    })
  })

  test('with --share leaves the monitor to a command in another window, and shows what that did', async () => {
    const { vm, terminal } = await sitDown()
    await watching(terminal, '--share')
    const other = await openTerminal({ env: { QEMU_VCPU_QMP: vm.both[1], QEMU_VCPU_QGA: vm.both[3] } })
    onTestFinished(() => other[Symbol.asyncDispose]())
    await other.enter('qemu-vcpu set 5 on --guest; echo "status $?"')
    await other.sees('status 0')
    await terminal.sees('+5:2')
    await terminal.press('q')
    await expectGivenBack(terminal, 0)
  })
})

describe('other verbs', () => {
  test('write their progress over in one line, and leave none of it', async () => {
    const { terminal } = await sitDown()
    await terminal.enter('qemu-vcpu scale 6; echo "status $?"')
    const shown = await terminal.sees('status 0')
    expect(shown).toMatch(/\nplugged vCPU 2-5; 6 vCPUs are plugged now\nhint: /)
    expect(shown).not.toContain('1/4')
  })

  test('break their lines at the width of the terminal', async () => {
    const { terminal } = await sitDown({ kind: 'x86', bootVcpus: 1, maxcpus: 64 }, { columns: 40, rows: 50 })
    await terminal.enter('clear; qemu-vcpu map')
    const shown = await terminal.sees('free: 63')
    expect(shown).toMatch(/^ 0 {2}#\.{7}( \.{8}){3}$/m)
  })

  test.each(['list', 'map', 'export --json', 'doctor', 'help'])(
    '%s ends well when its reader has read enough',
    async (verb) => {
      const { terminal } = await sitDown({ kind: 'x86', bootVcpus: 1, maxcpus: 1024 })
      await terminal.enter(`clear; qemu-vcpu ${verb} | true; echo "pipe \${PIPESTATUS[0]}"`)
      const shown = await terminal.sees(/^pipe \d/m)
      expect(shown).toContain('pipe 0')
      expect(shown).not.toContain('EPIPE')
    },
  )

  test('^C in the middle of a change ends it with 4 and says what was done', async () => {
    const { vm, terminal } = await sitDown()
    vm.qemu.guest.onUnplug = 'ignore'
    await terminal.enter('qemu-vcpu set 1 off')
    await eventually('QEMU was asked', () => Promise.resolve(vm.qemu.pendingUnplugs.length > 0))
    await terminal.press('C-c')
    await terminal.enter('echo "status $?"')
    const shown = await terminal.sees('status 4')
    expect(shown).toContain('qemu-vcpu: interrupted (it may have been done, or still be')
  })
})

test('nothing of the terminal’s bytes is foreign: what the command writes is what tmux recorded', async () => {
  const { vm, terminal } = await sitDown()
  const file = `${vm.both[1]}.typescript`
  await terminal.tmux('pipe-pane', '-o', `cat > '${file}'`)
  await watching(terminal)
  await terminal.press('q')
  await expectGivenBack(terminal, 0)
  const written = await readFile(file, 'utf8')
  const codes = [...written.matchAll(new RegExp(`${ESCAPE}\\[[0-?]*[ -/]*[@-~]`, 'g'))].map(([code]) => code)
  const own = /\[(\?1049[hl]|\?25[hl]|K|J|H|\d+;\d+H|\?2004[hl]|(1|2|7|22|27|32|33|31|39|1;33|22;39)m)$/
  expect(codes.filter((code) => !own.test(code))).toEqual([])
})
