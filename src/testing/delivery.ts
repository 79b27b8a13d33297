import type { ReceivedCommand } from './command-hooks.ts'

/** The way back to the client whose command it was. */
export interface ReplyLine {
  /** Send a reply. */
  send(reply: object): void
  /** Send any line. */
  sendLine(line: string): void
  /** End the connection. */
  drop(): void
}

/**
 * What becomes of a command between its arrival and its reply. A simulated peer delivers by carrying it out and sending
 * the reply; a faulty delivery does otherwise.
 *
 * @param answer - carries the command out, and resolves with its reply; never rejects
 * @returns resolves when the next command may be taken
 */
export type Deliver = (received: ReceivedCommand, answer: () => Promise<object>, line: ReplyLine) => Promise<void>
