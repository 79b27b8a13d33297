import type { Core } from './cores.ts'
import { compileInstant, startInstant, type InstantProgram, type InstantServer, type Replies } from './instant.ts'
import { install, type Installed } from './install.ts'
import { runWorker, type WorkerOptions } from './worker.ts'

/** What every row works with. */
export class Setup {
  /** How often each subject is measured. */
  readonly rounds: number
  readonly installed: Installed
  readonly program: InstantProgram
  readonly #share: number

  private constructor(installed: Installed, isQuick: boolean) {
    this.installed = installed
    this.program = compileInstant(installed.directory)
    this.rounds = isQuick ? 3 : 5
    this.#share = isQuick ? 0.2 : 1
  }

  static async make(isQuick: boolean): Promise<Setup> {
    return new Setup(await install(), isQuick)
  }

  /** A number of calls: a fifth of it with `--quick`. */
  calls(count: number): number {
    return Math.max(1, Math.round(count * this.#share))
  }

  /** Run a worker in a fresh process. */
  worker(name: string, request: object, options?: WorkerOptions): Promise<unknown> {
    return runWorker(this.installed.directory, name, request, options)
  }

  /** The microseconds that a worker measured. */
  async us(name: string, request: object, options?: WorkerOptions): Promise<number> {
    return ((await this.worker(name, request, options)) as { readonly us: number }).us
  }

  /** A monitor that answers at once. */
  instant(replies: Replies, core: Core): Promise<InstantServer> {
    return startInstant(this.program, replies, core)
  }
}
