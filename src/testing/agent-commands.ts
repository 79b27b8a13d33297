import type { CommandArguments } from './command-hooks.ts'
import type { GuestFiles } from './guest-files.ts'
import { Refusal } from './refusal.ts'
import { setVcpus } from './set-vcpus.ts'
import type { SimulatedGuest } from './simulated-guest.ts'
import type { GuestSwitch } from './surroundings.ts'

/** What an agent's commands act on. */
export interface AgentParts {
  readonly guest: SimulatedGuest
  readonly files: GuestFiles
  readonly info: () => object
  readonly osinfo: object
  /** The agent's version, as far as the minor one. */
  readonly version: number
  readonly onSwitch: ((entry: GuestSwitch) => void) | undefined
}

/** The agent's version in which a command came, where that is not long ago. */
const SINCE: Readonly<Record<string, number>> = { 'guest-get-cpustats': 7.1, 'guest-get-load': 10 }

/** The commands that a simulated agent knows, but for those that it was built without. */
export function agentCommands(
  { guest, files, info, osinfo, version, onSwitch }: AgentParts,
  missing: readonly string[],
): Readonly<Record<string, (args: CommandArguments) => unknown>> {
  const commands: Readonly<Record<string, (args: CommandArguments) => unknown>> = {
    'guest-sync': ({ id }) => id,
    'guest-sync-delimited': ({ id }) => id,
    'guest-ping': () => undefined,
    'guest-info': info,
    'guest-get-osinfo': () => osinfo,
    'guest-get-vcpus': () => guest.vcpus(),
    'guest-get-load': () => guest.loadAverages(),
    'guest-get-cpustats': () => guest.cpuStats(),
    'guest-set-vcpus': ({ vcpus }) => inWordsOf(version, () => setVcpus(guest, vcpus, onSwitch)),
    'guest-file-open': ({ path, mode }) => files.open(path, mode),
    'guest-file-read': ({ handle, count }) => files.read(handle, count),
    'guest-file-close': ({ handle }) => {
      files.close(handle)
    },
  }
  const isThere = (name: string): boolean => (SINCE[name] ?? 0) <= version && !missing.includes(name)
  return Object.fromEntries(Object.entries(commands).filter(([name]) => isThere(name)))
}

/** Agent 11 says in other words that a CPU's directory is not there. */
function inWordsOf<T>(version: number, run: () => T): T {
  try {
    return run()
  } catch (error) {
    const path = version >= 11 && error instanceof Refusal ? /^open\("(.*)"\): (.*)$/.exec(error.message) : null
    if (path === null) throw error
    throw new Refusal(`Could not open '${path[1] ?? ''}': ${path[2] ?? ''}`)
  }
}
