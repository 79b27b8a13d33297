import { foreignText, printable } from '../../index.ts'
import type { CliIo } from '../io.ts'
import type { Show } from './show.ts'
import { changesBetween, eventText, type Snapshot } from './snapshot.ts'

/** Longest text of a peer in a line, in characters. */
const MAX_TEXT = 300

/** A line for each event and each change of a map, with its time; at first all maps. */
export function asLines(io: CliIo, timeOfDay: () => string): Show {
  let before: Snapshot | undefined
  let blindBy: string | undefined
  const print = (line: string): void => {
    io.stdout(`${timeOfDay()}  ${printable(line)}\n`)
  }
  return {
    snapshot: (snapshot) => {
      if (blindBy !== undefined) print('seen again')
      blindBy = undefined
      for (const line of changesBetween(before, snapshot)) print(line)
      before = snapshot
    },
    event: (event) => {
      print(eventText(event))
    },
    blind: ({ message }) => {
      if (message !== blindBy) print(`not seen: ${foreignText(message, MAX_TEXT)}`)
      blindBy = message
    },
    end: () => Promise.resolve(),
  }
}
