import type { Outcome } from '../../errors/vcpu-error.ts'

/**
 * What became of one request, as far as the call that sent it knows. `taken`: accepted, and its effect not seen yet;
 * `unsent`: it was noted, and then could not be sent.
 */
type Fate = 'sent' | 'unsent' | 'taken' | 'done' | 'refused' | 'undone'

/** One request of a change, in its ledger. */
export class Request {
  fate: Fate = 'sent'

  /** It never left. */
  unsent(): void {
    this.fate = 'unsent'
  }

  /** The peer accepted it. */
  taken(): void {
    this.fate = 'taken'
  }

  /** Its effect was seen. */
  done(): void {
    this.fate = 'done'
  }

  /** The peer refused it, and the state is what it was. */
  refused(): void {
    this.fate = 'refused'
  }

  /** Its effect was seen, and has been undone. */
  undone(): void {
    this.fate = 'undone'
  }
}

/**
 * What one call sent, and what was answered: the one source of the outcome in its error. Only the call itself writes in
 * it, so that nothing that happens to other calls can alter what it says.
 */
export class Ledger {
  readonly #requests: Request[] = []

  /** Note a request, before it is sent. */
  send(): Request {
    const request = new Request()
    this.#requests.push(request)
    return request
  }

  /** Everything that was asked for has been undone, and seen to be. */
  undo(): void {
    for (const request of this.#requests) {
      if (request.fate !== 'refused' && request.fate !== 'unsent') request.undone()
    }
  }

  /** What was done has been undone. What was asked for and not seen may still happen. */
  undoDone(): void {
    for (const request of this.#requests) if (request.fate === 'done') request.undone()
  }

  /** What was done may be undone by now, by somebody else. */
  doubt(): void {
    for (const request of this.#requests) if (request.fate === 'done') request.taken()
  }

  /** What became of the change as a whole. */
  get outcome(): Outcome {
    const has = (...fates: readonly Fate[]): boolean => this.#requests.some(({ fate }) => fates.includes(fate))
    if (has('sent', 'taken')) return 'unknown'
    if (has('done')) return 'partial'
    return has('refused', 'undone') ? 'rejected' : 'not-sent'
  }
}
