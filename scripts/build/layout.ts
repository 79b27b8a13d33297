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
 * The files behind the entry points: an earlier one never needs a later one. They are few, since opening a file costs as much
 * as ten kilobytes of code. What no line names is in a file of its own that is loaded when it is needed: the code of each
 * verb, the checks of the doctor, a program of `--via`, `openMonitor`, the clients of a multiplexer.
 */
export const ROOMS: readonly Room[] = [
  { name: 'errors', of: /^errors\// },
  { name: 'bitmap', of: /^bitmap\// },
  {
    name: 'wire-qmp',
    of: /^(wire|qmp)\/(?!(caller-owned|cheap-dial|endpoint|fair-turns|listen|make-monitor|multiplexer-hub|multiplexer-session|pause|properties|reconnecting-client|redial-pace|socket-place|telemetry|turn-queue)\.)/,
  },
  { name: 'qga', of: /^qga\/(?!(read-files|reconnecting-client)\.)/ },
  { name: 'testing', of: /^testing\/|^wire\/listen\./ },
  // And what only a Domain needs of the two protocols and the wire.
  {
    name: 'domain',
    of: /^index\.|^(wire|qmp|qga)\/(?!fair-turns|make-monitor|multiplexer-hub|multiplexer-session|socket-place)|^domain\/(?!doctor\/(?!(connection|finding)\.))/,
  },
  // With all that it needs to read any command line.
  { name: 'command', of: /^cli\/(main|terminal)\./ },
  // What several verbs share.
  { name: 'verbs', of: /^cli\/(?!bin|grid\/(?!vcpu-state)|runs|schema|sim|watch|via)/ },
  // What `typegen` and `schema-diff` read.
  { name: 'schema', of: /^cli\/schema\// },
  // What is drawn for `watch`, and for `map --svg`.
  { name: 'grid', of: /^cli\/grid\// },
]
