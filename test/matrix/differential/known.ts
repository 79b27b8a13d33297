import type { Difference } from './compare.ts'

/** A difference between QEMU and the simulation that stays. */
export interface KnownDifference {
  readonly what: string
  /** The sequences in which it shows, by name. */
  readonly sequences: readonly string[]
  /** The members in which it shows. */
  readonly path: RegExp
  /** Why the simulation does not do it. */
  readonly reason: string
}

/** All that stays different. One that no run shows any more fails the run, as does a difference that is not here. */
export const KNOWN: readonly KnownDifference[] = [
  {
    what: 'which character devices there are',
    sequences: ['query-yank'],
    path: /^replies\.2\.0\.return/,
    reason: 'the simulation has as many monitors as clients, and no character devices with names',
  },
  {
    what: 'which commands there are',
    sequences: ['query-commands', 'query-qmp-schema'],
    path: /^replies\.2\.0\.return/,
    reason: 'the simulation lists the commands that it carries out: some twenty of more than two hundred',
  },
  {
    what: 'which machines there are',
    sequences: ['query-machines'],
    path: /^replies\.2\.0\.return/,
    reason: 'the simulation is one machine, and names that one; its `cpu-max` is what it was given',
  },
  {
    what: 'devices that are no CPU',
    sequences: ['a device that is no CPU', 'device_del of another device'],
    path: /^replies\.2\.0\.error/,
    reason: 'the simulation has no device beside CPUs: a model is unknown to it, and a path leads nowhere',
  },
  {
    what: 'which commands the agent has',
    sequences: ['what the agent can do'],
    path: /^replies\.0\.0\.return\.supported_commands/,
    reason: 'the simulation lists the commands that it carries out',
  },
  {
    what: 'the guest’s own name of its kernel',
    sequences: ['what the guest is'],
    path: /^replies\.0\.0\.return\.kernel-(?:release|version)$/,
    reason: 'the simulation names no distribution; `osinfo` of its agent’s options says anything else',
  },
]

/** What is known of a difference in a sequence. */
export function knownAs(sequence: string, { path }: Difference): KnownDifference | undefined {
  return KNOWN.find((known) => known.sequences.includes(sequence) && known.path.test(path))
}
