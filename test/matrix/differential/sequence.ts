/** One step of a sequence: a line that is sent, or something that both peers are waited for. */
export type Step =
  /** Sent as it is, and a line feed; each character is one byte. */
  | string
  /** The same, to the agent. */
  | { readonly agent: string }
  /** Sent to a peer that ends with it: until it has closed the connection. */
  | { readonly last: string }
  /** Until this event has come so often in this sequence. */
  | { readonly event: string; readonly times?: number }
  /** Until these vCPUs, by cpu-index, and no others are plugged. */
  | { readonly plugged: readonly number[] }
  /** Until the guest lists so many CPUs. */
  | { readonly listed: number }

/** What both peers are sent. */
export interface Sequence {
  readonly name: string
  readonly steps: readonly Step[]
}

/** A machine that both QEMU and the simulation can be. */
export interface DifferentialMachine {
  readonly name: 'q35' | 'i440fx' | 'q35, sockets × dies × threads' | 'pseries' | 's390x' | 'loongarch64'
  readonly target: 'x86_64' | 'ppc64' | 's390x' | 'loongarch64'
  /** QEMU's `-machine` and `-smp`. */
  readonly type: string
  readonly smp: string
  /** The same for the simulation. */
  readonly kind: 'x86' | 'pseries' | 's390x' | 'loongarch64'
  readonly shape: Readonly<Record<string, number | string>>
}

/** Sequences that are run on machines of one kind. */
export interface SequenceGroup {
  readonly name: string
  readonly machine: DifferentialMachine
  /** Does each begin on a machine of its own, or on what the one before has left? */
  readonly isFresh: boolean
  readonly sequences: readonly Sequence[]
}

/** A command as a line. */
export function command(execute: string, args?: object, more: object = {}): string {
  return JSON.stringify({ execute, ...(args === undefined ? {} : { arguments: args }), ...more })
}

export const NEGOTIATE = command('qmp_capabilities')
export const NEGOTIATE_OOB = command('qmp_capabilities', { enable: ['oob'] })

/** A sequence of one session: negotiation, then the lines. */
export function session(name: string, ...steps: readonly Step[]): Sequence {
  return { name, steps: [NEGOTIATE, ...steps] }
}
