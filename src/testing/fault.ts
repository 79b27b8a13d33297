/** Which times a fault strikes: each time, or only the `nth`, counted from 1 since it was set. */
export interface Nth {
  readonly nth?: number
}

/** What can go wrong with one command, of the monitor or of the agent. */
export type CommandMishap =
  /** The connection ends, and the command is not carried out. */
  | { readonly do: 'drop-before' }
  /** It is carried out, and the connection ends instead of the reply. */
  | { readonly do: 'drop-after' }
  /** It is carried out, and the reply is lost; what follows is answered. */
  | { readonly do: 'no-reply' }
  /** It is not carried out, and nothing is answered from then on. */
  | { readonly do: 'hang' }
  /** It is carried out at once, and answered `ms` later. */
  | { readonly do: 'late'; readonly ms: number }
  /** It is carried out, and answered, `ms` later. */
  | { readonly do: 'slow'; readonly ms: number }
  /** An error is answered; the command is not carried out, unless `carriedOut`. */
  | {
      readonly do: 'error'
      /** `GenericError` unless given. */
      readonly class?: string
      readonly desc?: string
      /** How late the error comes. */
      readonly ms?: number
      readonly carriedOut?: boolean
    }
  /** It is carried out, and the reply returns `value`, or is the line `raw`. */
  | { readonly do: 'nonsense'; readonly value?: unknown; readonly raw?: string }
  /** It is carried out, and answered twice. */
  | { readonly do: 'duplicate-reply' }
  /** An error without an id precedes the reply, as the answer to a line that nobody could parse. */
  | { readonly do: 'stray-error' }
  /**
   * `device_del`: the guest's refusal is heard before the reply. With `goes` it is that of an earlier request, and the
   * guest goes on with this one.
   */
  | { readonly do: 'refuse-event-before-reply'; readonly goes?: boolean }

/** A fault of one command. */
export type CommandFault = CommandMishap & { readonly at: Nth & { readonly command: string } }

/** A fault of one event on its way to the clients. */
export type EventFault = { readonly at: Nth & { readonly event: string } } & (
  { readonly do: 'missing' | 'doubled' } | { readonly do: 'late'; readonly ms: number }
)

/** Something that goes wrong between a client and its VM, as a value. */
export type Fault = CommandFault | EventFault
