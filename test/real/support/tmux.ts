import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ensureProgram, type Program } from '../../../packages/guest-kit/src/index.ts'
import { eventually } from './eventually.ts'

const BIN = fileURLToPath(new URL('../../../src/cli/bin.ts', import.meta.url))
const TSX = import.meta.resolve('tsx')
const LOCALE = 'C.UTF-8'
const FENCE_MS = 60_000
const run = promisify(execFile)

/** What a terminal of {@link openTerminal} begins with. */
export interface TerminalOptions {
  readonly columns?: number
  readonly rows?: number
  /** Variables of the shell's environment. */
  readonly env?: Readonly<Record<string, string>>
}

/**
 * A real terminal (tmux's) with a real shell in it, which has `qemu-vcpu` in its path: a test types, and sees what a person would.
 */
export class TmuxTerminal implements AsyncDisposable {
  readonly #program: Program
  readonly #folder: string

  constructor(program: Program, folder: string) {
    this.#program = program
    this.#folder = folder
  }

  /** Type text and Enter. */
  async enter(line: string): Promise<void> {
    await this.type(line)
    await this.press('Enter')
  }

  /** Type text as it is. */
  async type(text: string): Promise<void> {
    await this.tmux('send-keys', '-l', text)
  }

  /** Press keys, as tmux calls them: `Up`, `C-c`. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.tmux('send-keys', ...keys)
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.tmux('resize-window', '-x', String(columns), '-y', String(rows))
  }

  /** The lines that it shows, without the spaces at their ends. */
  async lines(): Promise<readonly string[]> {
    return (await this.tmux('capture-pane', '-p')).replace(/\n$/, '').split('\n')
  }

  /** The same with their colours, as control sequences. */
  async inks(): Promise<readonly string[]> {
    return (await this.tmux('capture-pane', '-p', '-e')).replace(/\n$/, '').split('\n')
  }

  /** Resolves with what is shown once that has `text` in it. */
  async sees(text: string | RegExp): Promise<string> {
    let shown = ''
    try {
      return await eventually(`the terminal shows ${String(text)}`, async () => {
        shown = (await this.lines()).join('\n')
        const has = typeof text === 'string' ? shown.includes(text) : text.test(shown)
        return has && shown
      })
    } catch (error) {
      throw new Error(`the terminal does not show ${String(text)}, but:\n${shown}`, { cause: error })
    }
  }

  /** What tmux knows of the terminal: `alternate_on`, `cursor_flag`. */
  async state(name: string): Promise<string> {
    return (await this.tmux('display-message', '-p', `#{${name}}`)).trim()
  }

  /** The process ids of what runs in the shell: of the command, the last that was started. */
  async runningPid(): Promise<number> {
    const shell = await this.state('pane_pid')
    const { stdout } = await run('ps', ['-o', 'pid=', '--ppid', shell])
    return Number(stdout.trim().split('\n').at(-1))
  }

  async tmux(...args: readonly string[]): Promise<string> {
    const { command, prefixArgs } = this.#program
    // Nothing of this process's environment: a terminal that it runs in is not the test's.
    const env = { PATH: process.env['PATH'] ?? '', HOME: this.#folder, LC_ALL: LOCALE, TERM: 'xterm-256color' }
    const common = ['-u', '-f', '/dev/null', '-S', join(this.#folder, 'tmux.sock')]
    const { stdout } = await run(command, [...prefixArgs, ...common, ...args], { env, timeout: FENCE_MS })
    return stdout
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tmux('kill-server')
    // What was killed with it may still write.
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 10 })
  }
}

/** A terminal, 80 by 24 unless it is to be otherwise, whose shell waits for a command. */
export async function openTerminal({ columns = 80, rows = 24, env = {} }: TerminalOptions = {}): Promise<TmuxTerminal> {
  const program = await ensureProgram('tmux')
  const folder = await mkdtemp(join(tmpdir(), 'qemu-vcpu-tmux-'))
  const bin = join(folder, 'bin')
  await mkdir(bin)
  const command = join(bin, 'qemu-vcpu')
  await writeFile(command, `#!/bin/sh\nexec '${process.execPath}' $NODE_FLAGS --import '${TSX}' '${BIN}' "$@"\n`)
  await chmod(command, 0o755)
  const terminal = new TmuxTerminal(program, folder)
  const variables = { ...env, PATH: `${bin}:${process.env['PATH'] ?? ''}`, PS1: '$ ' }
  // Of tmux's own -e it does not take PATH.
  const settings = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
  const size = ['-x', String(columns), '-y', String(rows)]
  await terminal.tmux('new-session', '-d', ...size, 'env', ...settings, 'bash', '--norc', '--noprofile', '-i')
  try {
    await terminal.sees(/^\$$/m)
    return terminal
  } catch (error) {
    await terminal[Symbol.asyncDispose]()
    throw error
  }
}
