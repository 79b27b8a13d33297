import { isObject, own, type WireMessage } from '../../../src/wire/message.ts'

const LF = 0x0a

/** One line that a peer has sent, with its end. */
export interface PeerMessage {
  readonly bytes: Buffer
  /** What it says; `undefined` for what is no message. */
  readonly value: WireMessage | undefined
  /** What a fault can strike it as: `greeting`, `event`, or the command that it answers. */
  readonly on: string
}

/** Cuts what a peer sends, or is sent, into lines. */
export class Lines {
  #rest: Buffer = Buffer.alloc(0)

  /** The lines that a piece completes, each with its end. */
  push(piece: Uint8Array): Buffer[] {
    const all = Buffer.concat([this.#rest, piece])
    const lines: Buffer[] = []
    let start = 0
    for (let end = all.indexOf(LF); end !== -1; end = all.indexOf(LF, start)) {
      lines.push(all.subarray(start, end + 1))
      start = end + 1
    }
    this.#rest = all.subarray(start)
    return lines
  }
}

/** What a line says, an agent's sentinel left out. */
export function readLine(line: Buffer): WireMessage | undefined {
  const text = line.toString('utf8', firstTextByte(line))
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Where the text of a line begins: behind the sentinels. */
export function firstTextByte(line: Buffer): number {
  let at = 0
  while (line[at] === 0xff) at++
  return at
}

/** The command that a line asks for, and its id. */
export function readCommand(line: Buffer): { readonly command: string; readonly id: unknown } | undefined {
  const value = readLine(line)
  if (value === undefined) return undefined
  const command = own(value, 'execute') ?? own(value, 'exec-oob')
  return typeof command === 'string' ? { command, id: own(value, 'id') } : undefined
}
