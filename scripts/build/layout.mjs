// What goes into which file of dist/.

/** The entry points of package.json, and the command: `name` -> its file below src/. */
export const entries = {
  index: 'index',
  qmp: 'qmp/index',
  qga: 'qga/index',
  bitmap: 'bitmap/index',
  testing: 'testing/index',
  cli: 'cli/bin',
}

/**
 * The files behind them, and what of src/ stands in each: an earlier one never needs a later one. What an entry point needs of
 * a room is loaded at once, since opening a file costs more than some more code in it. What is on no line here is loaded when
 * it is needed, from a file of its own: the code of each verb, the checks of the doctor, a program of --via.
 */
export const rooms = [
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
