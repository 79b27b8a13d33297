import { isLie, type LinkFault, type Mishap } from '../plan/fault.ts'

/** What strikes a command on its way to the peer, before it is there. */
const STRIKES_COMMANDS: ReadonlySet<Mishap['kind']> = new Set(['deaf', 'cut-off'])

/** The faults of a plan, what they have struck so far, and whether any of it was a lie. */
export class FaultBook {
  readonly #faults: readonly { readonly fault: LinkFault; seen: number }[]
  readonly #struck = new Set<Mishap['kind']>()
  #hasLied = false
  #isOver = false

  constructor(faults: readonly LinkFault[]) {
    this.#faults = faults.map((fault) => ({ fault, seen: 0 }))
  }

  /** The kinds of mishaps that have happened. */
  get struck(): ReadonlySet<Mishap['kind']> {
    return this.#struck
  }

  /** Has a peer said what is not so? */
  get hasLied(): boolean {
    return this.#hasLied
  }

  /** Nothing goes wrong any more. */
  end(): void {
    this.#isOver = true
  }

  /** What a message of the peer meets: the first fault that it is for. */
  strikeMessage(link: LinkFault['link'], on: string): Mishap | undefined {
    return this.#strike(link, on, false)
  }

  /** What a command meets on its way to the peer. */
  strikeCommand(link: LinkFault['link'], command: string): Mishap | undefined {
    return this.#strike(link, command, true)
  }

  #strike(link: LinkFault['link'], on: string, isCommand: boolean): Mishap | undefined {
    if (this.#isOver) return undefined
    let found: LinkFault | undefined
    for (const entry of this.#faults) {
      const { at, mishap } = entry.fault
      if (entry.fault.link !== link || STRIKES_COMMANDS.has(mishap.kind) !== isCommand) continue
      if (at.on !== on && at.on !== 'any') continue
      entry.seen++
      if (found === undefined && (at.nth === 0 || at.nth === entry.seen)) found = entry.fault
    }
    if (found === undefined) return undefined
    this.#struck.add(found.mishap.kind)
    if (isLie(found)) this.#hasLied = true
    return found.mishap
  }
}
