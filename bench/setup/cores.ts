import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** Where a process runs: beside its client, or where it does not slow it down. */
export type Core = 'client' | 'other'

const CORES: Readonly<Record<Core, number>> = { client: 0, other: 1 }

const canPin = availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0

/** What was done about cores, for people. */
export const CORES_NOTE = canPin
  ? 'Processes were bound to cores with taskset.'
  : 'Processes were not bound to cores: there is one core only, or no taskset.'

/** The command line that runs `command` on a core, as far as this host can. */
export function pinned(core: Core | undefined, command: readonly string[]): readonly [string, ...string[]] {
  const [program = '', ...args] = command
  return core === undefined || !canPin ? [program, ...args] : ['taskset', '-c', String(CORES[core]), program, ...args]
}
