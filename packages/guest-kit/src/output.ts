import type { ChildProcess } from 'node:child_process'
import { KitError } from './kit-error.ts'

const shownLines = 40

/** What a QEMU has written: the guest's serial console on stdout, its own complaints on stderr. */
export class Output {
  #console = ''
  #stderr = ''
  readonly #watchers = new Set<() => void>()

  constructor(child: ChildProcess) {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#console += text
      for (const look of [...this.#watchers]) look()
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
    })
  }

  get console(): string {
    return this.#console
  }

  get stderr(): string {
    return this.#stderr
  }

  /** Calls `look` whenever the console has grown, until the returned function is called. */
  watch(look: () => void): () => void {
    this.#watchers.add(look)
    return () => this.#watchers.delete(look)
  }

  /** An error that has everything a person needs to see why. */
  explain(message: string, argv: readonly string[], cause?: unknown): KitError {
    const why = cause instanceof Error ? `: ${cause.message}` : ''
    const lines = this.#console.trimEnd().split(/\r?\n/).slice(-shownLines).join('\n')
    const stderr = this.#stderr.trimEnd()
    return new KitError(
      `${message}${why}\n--- argv\n${argv.join(' ')}\n--- stderr\n${stderr}\n--- the last lines of the console\n${lines}\n---`,
      { cause },
    )
  }
}
