/** Which message a fault strikes. */
export interface Trigger {
  /** `greeting`, `event`, `any`, or the name of the command that it answers. */
  readonly on: string
  /** Which of them, counted from 1 over all connections; 0: each of them. */
  readonly nth: number
}

/** Where something stands that is sent beside a message: before it, behind it, in its middle, or in its place. */
export type Place = 'before' | 'after' | 'inside' | 'instead'

/** JSON text that a peer puts where something else belongs. */
export type Put =
  | { readonly raw: string }
  /** So many arrays or objects, one in the other. */
  | { readonly deep: number; readonly of: 'array' | 'object' }
  /** An array of so many times the same. */
  | { readonly wide: number; readonly of: string }

/** What of a message is changed; the `node`th of its kind, counted round. */
export interface Node {
  readonly kind: 'any' | 'number' | 'string' | 'element' | 'member'
  readonly node: number
}

/** What goes wrong with one message on its way from the peer, or (`deaf`, `cut-off`) with a command on its way there. */
export type Mishap =
  /** Nothing arrives from here on, this message included; the connection stays open. */
  | { readonly kind: 'hang' }
  /** The command does not arrive, nor does anything behind it. */
  | { readonly kind: 'deaf' }
  /** The connection ends, and the command does not arrive. */
  | { readonly kind: 'cut-off' }
  /** The connection ends after so many bytes of the message; past its end: after it. */
  | { readonly kind: 'drop'; readonly afterBytes: number }
  /** The peer ends its side behind the message, and still carries out what it is sent. */
  | { readonly kind: 'half-close' }
  /** The message arrives in pieces of so many bytes. */
  | { readonly kind: 'split'; readonly bytes: number }
  /** It arrives in pieces, with pauses. */
  | { readonly kind: 'drip'; readonly bytes: number; readonly ms: number }
  /** It arrives late, and everything behind it too. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** It arrives late, behind what was sent later. */
  | { readonly kind: 'late'; readonly ms: number }
  /** It is lost. */
  | { readonly kind: 'swallow' }
  /** It arrives twice. */
  | { readonly kind: 'twice'; readonly ms: number }
  /** Bytes that are no message, as latin1; `\n` only where they have one. */
  | { readonly kind: 'garbage'; readonly place: Place; readonly bytes: string }
  /** Lines that answer nothing. */
  | { readonly kind: 'flood'; readonly place: Place; readonly line: string; readonly lines: number }
  /** Events of something else. */
  | { readonly kind: 'events'; readonly place: Place; readonly event: string; readonly count: number }
  /** Errors without an id. */
  | { readonly kind: 'idless'; readonly place: Place; readonly count: number; readonly desc: string }
  /** The reply has an id (JSON text) that no command had. */
  | { readonly kind: 'wrong-id'; readonly id: string }
  /** The words of an error are others. */
  | { readonly kind: 'words'; readonly text: string }
  // From here on the peer lies.
  /** A part of the message is another. */
  | { readonly kind: 'edit'; readonly at: Node; readonly put: Put }
  /** A part of it is missing. */
  | { readonly kind: 'remove'; readonly at: Node }
  /** An element of a list is there several times. */
  | { readonly kind: 'repeat'; readonly at: Node; readonly times: number }
  /** A key of an object is there twice, with this second value. */
  | { readonly kind: 'double-key'; readonly at: Node; readonly put: Put }
  /** Text is added to every string of it. */
  | { readonly kind: 'taint'; readonly text: string }
  /** An object gets one more member, whose key is this text. */
  | { readonly kind: 'taint-keys'; readonly at: Node; readonly text: string }
  /** An error instead of what was returned. */
  | { readonly kind: 'refuse'; readonly desc: string }
  /** This is returned instead. */
  | { readonly kind: 'accept'; readonly put: Put }
  /** An event about the VM's own devices that is not true, before the message. */
  | { readonly kind: 'false-event'; readonly event: string; readonly vcpu: number; readonly status: number }

/** One thing that goes wrong on a connection, as a value. */
export interface LinkFault {
  readonly link: 'qmp' | 'qga'
  readonly at: Trigger
  readonly mishap: Mishap
}

/** Mishaps after which what the peer says of its VM may be false. */
const LIES: ReadonlySet<Mishap['kind']> = new Set([
  'edit',
  'remove',
  'repeat',
  'double-key',
  'taint',
  'taint-keys',
  'refuse',
  'accept',
  'false-event',
])

/**
 * Can what the client concludes still be held against it? Agents before QEMU 4.0 echo no id, so an error without one is an
 * answer there; and so it is of a monitor that was asked one thing alone, except where QEMU could not parse a line. A monitor
 * that answers a second time later answers what is asked then.
 */
export function isLie({ link, mishap }: LinkFault): boolean {
  if (mishap.kind === 'idless') return link === 'qga' || !mishap.desc.includes('JSON ')
  if (mishap.kind === 'twice') return link === 'qmp' && mishap.ms > 0
  return LIES.has(mishap.kind)
}
