import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'

/** What a command of a {@link ReaderShell} printed, on stdout and stderr, and its status. */
export interface Printed {
  readonly output: string
  readonly status: number
}

/** One bash in which a reader types one command after the other: what one of them exports the next ones have. */
export class ReaderShell implements AsyncDisposable {
  readonly #bash: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>
  readonly #exited: Promise<void>

  constructor(folder: string, env: NodeJS.ProcessEnv) {
    this.#bash = spawn('bash', ['--noprofile', '--norc', '-s'], { cwd: folder, env })
    this.#exited = new Promise((resolve) => {
      this.#bash.once('close', () => {
        resolve()
      })
    })
    this.#lines = createInterface({ input: this.#bash.stdout })[Symbol.asyncIterator]()
    this.#bash.stdin.write('exec 2>&1\n')
  }

  /**
   * Run a command to its end.
   *
   * @throws Error when the shell ends instead
   */
  async run(line: string): Promise<Printed> {
    const end = `end-${randomUUID()}`
    // What reads its standard input must not read the commands that follow.
    this.#bash.stdin.write(`{ ${line}\n} < /dev/null\nprintf '\\n%s %s\\n' ${end} $?\n`)
    const output: string[] = []
    for (;;) {
      const next = await this.#lines.next()
      if (next.done === true) throw new Error(`the shell ended at '${line}':\n${output.join('\n')}`)
      if (next.value.startsWith(`${end} `)) {
        return { output: output.join('\n').trimEnd(), status: Number(next.value.slice(end.length + 1)) }
      }
      output.push(next.value)
    }
  }

  /** What bash offers for the last word of a command line, by the completion that the shell has. */
  async completionsOf(line: string): Promise<readonly string[]> {
    const words = line.split(' ')
    const known = await this.run(`complete -p '${words[0] ?? ''}'`)
    const complete = /-F (\S+) /.exec(known.output)?.[1]
    if (complete === undefined) throw new Error(`bash knows no completion: ${known.output}`)
    await this.run(
      `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}) COMP_CWORD=${words.length - 1}; ${complete}`,
    )
    const { output } = await this.run(`printf '%s\\n' "\${COMPREPLY[@]}"`)
    return output.split('\n')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#bash.stdin.end()
    await this.#exited
  }
}
