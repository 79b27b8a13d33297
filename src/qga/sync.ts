import { randomBits } from '../wire/random-bits.ts'
import { parseMessage, own, type WireMessage } from '../wire/message.ts'

/** Flushes whatever half a line the agent's parser still holds, and marks the reply to a delimited sync. */
const SENTINEL = 0xff
/** Longest answer, in bytes: it is a number. */
const MAX_ANSWER_BYTES = 200
/** Length of the id, in bits: one that survives any JSON parser's idea of an integer. */
const SYNC_ID_BITS = 47

/** A synchronisation in the agent's channel: what to send, and how to know its answer among another client's leavings. */
export class DelimitedSync {
  readonly #id = randomBits(SYNC_ID_BITS)

  /** 0xFF, then `guest-sync-delimited` with an id that no earlier client can have used. */
  request(): Uint8Array {
    const command = `{"execute":"guest-sync-delimited","arguments":{"id":${this.#id}}}\n`
    return Buffer.concat([Uint8Array.of(SENTINEL), Buffer.from(command)])
  }

  /** Is this line the answer? Only what follows the sentinel counts; what precedes it is some earlier reply's. */
  isAnswer(line: Uint8Array): boolean {
    const at = line.lastIndexOf(SENTINEL)
    if (at === -1 || line.length - at > MAX_ANSWER_BYTES) return false
    const message = parseAnswer(line.subarray(at + 1))
    return message !== undefined && own(message, 'return') === this.#id
  }
}

/** The message behind the last sentinel of a line, if it is one. */
function parseAnswer(bytes: Uint8Array): WireMessage | undefined {
  try {
    return parseMessage(bytes)
  } catch {
    // While out of step any line may be garbage; it is dropped and counted by the caller.
    return undefined
  }
}
