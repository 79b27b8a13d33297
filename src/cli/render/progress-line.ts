import { printable, type ScaleProgress } from '../../index.ts'
import type { CliIo } from '../io.ts'

/** Width of a terminal that does not say its own. */
const DEFAULT_COLUMNS = 80
/** ECMA-48: erase to the end of the line. */
const ERASE = '\u001b[K'

/**
 * Shows on stderr how far a change of several vCPUs has come: on a terminal in one line that is written over and over,
 * elsewhere (a log) in a line for each step that is done. How it ends is not for it to tell.
 */
export class ProgressLine {
  readonly #io: CliIo
  readonly #isLive: boolean

  constructor(io: CliIo) {
    this.#io = io
    this.#isLive = io.stderrIsTerminal === true && io.env['TERM'] !== 'dumb'
  }

  /** Show one more piece of progress. */
  show(progress: ScaleProgress): void {
    const words = this.#isLive ? (beginning(progress) ?? ended(progress)) : ended(progress)
    if (words === undefined) return
    const text = printable(words)
    // The last column stays free: some terminals go to the next line when it is written to.
    const columns = (this.#io.columns ?? DEFAULT_COLUMNS) - 1
    this.#io.stderr(this.#isLive ? `\r${text.slice(0, columns)}${ERASE}` : `${text}\n`)
  }

  /** Leave the line empty for what comes next. */
  clear(): void {
    if (this.#isLive) this.#io.stderr(`\r${ERASE}`)
  }
}

function beginning(progress: ScaleProgress): string | undefined {
  if (progress.type !== 'started') return undefined
  const { step, index, total } = progress
  return `${index + 1}/${total} ${step.online ? 'plugging' : 'unplugging'} vCPU ${String(step.ids)}: ${step.reason}`
}

function ended(progress: ScaleProgress): string | undefined {
  switch (progress.type) {
    case 'done': {
      const { step, index, total, online } = progress
      return `${index + 1}/${total} vCPU ${String(step.ids)} ${stateOf(step.online)}, ${online} in all: ${step.reason}`
    }
    case 'rolled-back': {
      const { step, online } = progress
      return `vCPU ${String(step.ids)} ${stateOf(!step.online)} again, ${online} in all`
    }
    default:
      return undefined
  }
}

function stateOf(online: boolean): string {
  return online ? 'plugged' : 'unplugged'
}
