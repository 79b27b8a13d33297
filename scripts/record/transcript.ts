import type { WireTrace } from '../../src/index.ts'
import { encodePiece, type Piece } from './piece.ts'

/** What crossed the sockets during one recording, by connection. */
export class Transcript {
  readonly #startMs = performance.now()
  readonly #pieces = new Map<string, Piece[]>()
  #step = ''

  /** Give it to the clients that are to be recorded. */
  readonly trace: WireTrace = ({ label, direction, bytes }) => {
    const atMs = Math.round(performance.now() - this.#startMs)
    // The trace's own bytes are only good during the call.
    const piece = { direction, atMs, step: this.#step, bytes: Uint8Array.from(bytes) }
    const pieces = this.#pieces.get(label)
    if (pieces === undefined) this.#pieces.set(label, [piece])
    else pieces.push(piece)
  }

  /** The step that it is at, `''` before the first. */
  get currentStep(): string {
    return this.#step
  }

  /** What follows belongs to that step of the session. */
  step(name: string): void {
    this.#step = name
  }

  /** The text of each `<label>.jsonl`, by label. */
  files(): ReadonlyMap<string, string> {
    const entries = [...this.#pieces].map(
      ([label, pieces]) => [label, pieces.map((piece) => `${encodePiece(piece)}\n`)] as const,
    )
    return new Map(entries.map(([label, lines]) => [label, lines.join('')]))
  }
}
