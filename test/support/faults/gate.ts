import type { Duplex } from 'node:stream'
import { memoryPair } from '../../../src/testing/index.ts'

/** `both`: nothing passes, as when a process or the network stands still; `answers`: what the peer says does not. */
export type Shut = 'both' | 'answers'

/** What passes between a Domain and one of its peers; it can be held up, and then passes in its order. */
export class Gate {
  #shut: Shut | undefined
  #held: (() => void)[] = []

  /** An endpoint that is dialled through this. */
  through(dial: () => Duplex): () => Duplex {
    return () => {
      const far = dial()
      const [near, outer] = memoryPair()
      const ignore = (): void => undefined
      outer.on('error', ignore)
      far.on('error', ignore)
      outer.on('data', (bytes: Buffer) => {
        this.#pass('both', () => far.write(bytes))
      })
      outer.on('close', () => {
        this.#pass('both', () => far.destroy())
      })
      far.on('data', (bytes: Buffer) => {
        this.#pass('answers', () => outer.write(bytes))
      })
      far.on('close', () => {
        this.#pass('answers', () => outer.destroy())
      })
      return near
    }
  }

  shut(what: Shut): void {
    this.#shut = what
  }

  open(): void {
    this.#shut = undefined
    for (const go of this.#held.splice(0)) go()
  }

  #pass(heldBy: Shut, go: () => void): void {
    if (this.#shut === 'both' || (this.#shut === 'answers' && heldBy === 'answers')) this.#held.push(go)
    else go()
  }
}
