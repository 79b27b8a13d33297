/** The entry points of package.json, and the command: each with its file below `src/`, without `.ts`. */
export const ENTRIES: Readonly<Record<string, string>> = {
  index: 'index',
  qmp: 'qmp/index',
  qga: 'qga/index',
  bitmap: 'bitmap/index',
  testing: 'testing/index',
  cli: 'cli/bin',
}

/** A file of the package behind its entry points. */
export interface Room {
  readonly name: string
  /** The paths, below `src/`, of what stands in it. */
  readonly of: RegExp
}

/**
 * The files behind the entry points: an earlier one never needs a later one. What an entry point needs of a room is loaded at
 * once, since opening a file costs more than some more code in it. What is on no line here is loaded when it is needed, from
 * a file of its own: the code of each verb, the checks of the doctor, a program of `--via`.
 */
export const ROOMS: readonly Room[] = [
  { name: 'errors', of: /^errors\// },
  { name: 'bitmap', of: /^bitmap\// },
  { name: 'wire', of: /^wire\// },
  { name: 'qmp', of: /^qmp\// },
  { name: 'qga', of: /^qga\// },
  { name: 'testing', of: /^testing\// },
  { name: 'domain', of: /^index\.|^domain\/(?!doctor\/(?!(connection|finding)\.))/ },
  { name: 'command', of: /^cli\/(?!bin|runs|render|watch|via|finish-run|hints)/ },
  { name: 'rendering', of: /^cli\/(render\/|finish-run|hints)/ },
]
