/** An `AbortController` that is made for the first that listens: one for each idle VM would be a good part of what it costs. */
export class LazyAbort {
  #controller: AbortController | undefined
  #aborted: { readonly reason: unknown } | undefined

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted.reason)
    }
    return this.#controller.signal
  }

  /** Abort for `reason`; the first one counts. */
  abort(reason: unknown): void {
    this.#aborted ??= { reason }
    this.#controller?.abort(this.#aborted.reason)
  }
}
