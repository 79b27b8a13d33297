import type { Duplex } from 'node:stream'
import { memoryPair } from '../../../src/testing/index.ts'

/** A peer that says exactly what the test makes it say. */
export class ScriptedPeer {
  /** The client's end. */
  readonly near: Duplex
  readonly #far: Duplex
  #heard = ''
  #onHeard: () => void = () => undefined

  constructor() {
    const [near, far] = memoryPair()
    this.near = near
    this.#far = far
    // A client may leave while this end still talks.
    far.on('error', () => undefined)
    far.on('data', (bytes: Buffer) => {
      this.#heard += bytes.toString('latin1')
      this.#onHeard()
    })
  }

  /** What the client has sent and nobody has taken yet, a character per byte. */
  get heard(): string {
    return this.#heard
  }

  say(bytes: string | Uint8Array): void {
    this.#far.write(bytes)
  }

  end(): void {
    this.#far.end()
  }

  /** From here on what the client sends stays unread. */
  stopReading(): void {
    this.#far.pause()
  }

  /** The next whole line that the client sends. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#heard.indexOf('\n')
      if (end !== -1) {
        const line = this.#heard.slice(0, end)
        this.#heard = this.#heard.slice(end + 1)
        return line
      }
      await new Promise<void>((resolve) => {
        this.#onHeard = resolve
      })
    }
  }

  /** The next command: its name, arguments and id; `null`, which answers as none does, where it has none. */
  async command(): Promise<{
    readonly execute: string
    readonly id: number | null
    readonly arguments?: Readonly<Record<string, unknown>>
  }> {
    return { id: null, ...(JSON.parse((await this.line()).replaceAll('\xff', '')) as { execute: string }) }
  }

  /** The next command, which must have an id. */
  async numbered(): Promise<{ readonly execute: string; readonly id: number }> {
    const { id, ...command } = await this.command()
    if (id === null) throw new Error(`${command.execute} was sent without an id`)
    return { ...command, id }
  }
}

/** Long enough for everything that is on its way in this process to arrive. */
export async function settle() {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve))
}
