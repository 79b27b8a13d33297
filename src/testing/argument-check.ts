import type { CommandArguments } from './command-hooks.ts'
import { Refusal } from './refusal.ts'

/** The arguments of the commands whose schemas are closed; `device_add` takes what its device takes. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  device_del: ['id'],
  system_reset: [],
  stop: [],
  cont: [],
  quit: [],
  'qom-get': ['path', 'property'],
  'query-status': [],
  'query-version': [],
  'query-cpus-fast': [],
  'query-hotpluggable-cpus': [],
  'query-acpi-ospm-status': [],
  'guest-sync': ['id'],
  'guest-sync-delimited': ['id'],
  'guest-ping': [],
  'guest-info': [],
  'guest-get-vcpus': [],
  'guest-set-vcpus': ['vcpus'],
  'guest-file-open': ['path', 'mode'],
  'guest-file-read': ['handle', 'count'],
  'guest-file-close': ['handle'],
}

/** The refusal of an argument that the command does not have, as QAPI refuses it. */
export function unexpectedArgument(command: string, args: CommandArguments): Refusal | undefined {
  const known = Object.hasOwn(ARGUMENTS, command) ? ARGUMENTS[command] : undefined
  const odd = known === undefined ? undefined : Object.keys(args).find((name) => !known.includes(name))
  return odd === undefined ? undefined : new Refusal(`Parameter '${odd}' is unexpected`)
}
