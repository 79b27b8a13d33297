import type { Piece } from '../../../scripts/record/piece.ts'
import { isObject, own, parseMessage, type WireMessage } from '../../../src/wire/message.ts'

/** A message of a transcript, in the order of the transcript. */
export interface Message {
  readonly step: string
  readonly direction: 'in' | 'out'
  /** Whether the agent's 0xFF stands before it. */
  readonly marked: boolean
  readonly value: WireMessage
}

/** A command of the transcript and its reply. */
export interface Exchange {
  readonly step: string
  readonly command: string
  readonly args: WireMessage
  /** Whether the agent's 0xFF stood before the command. */
  readonly marked: boolean
  /** Positions among the messages. */
  readonly askedAt: number
  readonly answeredAt: number
  readonly reply: Message
}

const SENTINEL = 0xff
const LF = 0x0a

/** The messages of a transcript; whole lines are pieced together here by the simplest means there are. */
export function messagesOf(pieces: readonly Piece[]): Message[] {
  const messages: Message[] = []
  const held = { in: Buffer.alloc(0), out: Buffer.alloc(0) }
  for (const { direction, step, bytes } of pieces) {
    let rest = Buffer.concat([held[direction], bytes])
    for (let end = rest.indexOf(LF); end !== -1; end = rest.indexOf(LF)) {
      messages.push({ step, direction, ...parseLine(rest.subarray(0, end)) })
      rest = rest.subarray(end + 1)
    }
    held[direction] = rest
  }
  return messages
}

/** Reads a line, with or without the agent's 0xFF before it. */
export function parseLine(line: Uint8Array): Pick<Message, 'marked' | 'value'> {
  return { marked: line.includes(SENTINEL), value: parseMessage(line.subarray(line.lastIndexOf(SENTINEL) + 1)) }
}

/**
 * The commands of a transcript with their replies.
 *
 * @throws Error when a command was never answered
 */
export function exchangesOf(messages: readonly Message[]): Exchange[] {
  return messages.flatMap((asked, askedAt) => {
    if (asked.direction === 'out') {
      const command = String(own(asked.value, 'execute'))
      const answeredAt = messages.findIndex((message, at) => at > askedAt && isReply(message, asked.value))
      const reply = messages[answeredAt]
      if (reply === undefined) throw new Error(`${command} was never answered`)
      return [
        { step: asked.step, command, args: argumentsOf(asked.value), marked: asked.marked, askedAt, answeredAt, reply },
      ]
    }
    return []
  })
}

/** The arguments of a command; none are the same as empty ones. */
export function argumentsOf(command: WireMessage): WireMessage {
  const args = own(command, 'arguments')
  return isObject(args) ? args : {}
}

export function isSync(command: WireMessage): boolean {
  return own(command, 'execute') === 'guest-sync-delimited'
}

/** A sync's reply has no id of its own: it returns the sync's. That of a command without an id has none. */
function isReply({ direction, value }: Message, asked: WireMessage): boolean {
  if (direction === 'out') return false
  const id = own(asked, 'id')
  if (isSync(asked)) return own(value, 'return') === argumentsOf(asked)['id']
  return own(value, 'id') === id && (Object.hasOwn(value, 'return') || Object.hasOwn(value, 'error'))
}
