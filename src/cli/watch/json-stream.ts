import type { DomainEvent } from '../../index.ts'
import { failureDocument, failureOf } from '../failure.ts'
import type { CliIo } from '../io.ts'
import { mapsDocument, mapsOf } from '../maps.ts'
import { jsonLine } from '../render/safe-text.ts'
import type { Show } from './show.ts'

/**
 * One JSON document a line: first `snapshot`, then one for each event, and `maps` whenever one of the maps has changed;
 * `not-seen` where a look fails and another follows, and `maps` after it.
 *
 * @param waitsForGuest - the snapshot waits until the guest was asked, so that the first line has both sides
 */
export function asJsonLines(io: CliIo, time: () => Date, waitsForGuest: boolean): Show {
  let before: string | undefined
  let blindBy: string | undefined
  const print = (type: string, document: object): void => {
    io.stdout(`${jsonLine({ type, time: time().toISOString(), ...document })}\n`)
  }
  return {
    snapshot: (snapshot) => {
      const { vcpus, guest, trouble, pending } = snapshot
      if (before === undefined && waitsForGuest && guest === null && trouble === null) return
      const failure = trouble === null ? {} : failureDocument(failureOf(trouble, 'harmless'))
      const document = { ...mapsDocument(mapsOf(vcpus), guest), pending, ...failure }
      const now = JSON.stringify(document)
      if (now === before && blindBy === undefined) return
      blindBy = undefined
      print(before === undefined ? 'snapshot' : 'maps', document)
      before = now
    },
    event: (event) => {
      print(event.type, eventDocument(event))
    },
    blind: (error) => {
      if (error.message !== blindBy) print('not-seen', failureDocument(failureOf(error, 'harmless')))
      blindBy = error.message
    },
    end: () => Promise.resolve(),
  }
}

/** Field by field: what scripts parse must not change because the library's objects do. */
function eventDocument(event: DomainEvent): object {
  switch (event.type) {
    case 'plugged':
      return { ids: event.ids, deviceId: event.deviceId }
    case 'unplugged':
      return { ids: event.ids, deviceId: event.deviceId, late: event.late }
    case 'refused':
      return { ids: event.ids, reason: event.reason, late: event.late }
    case 'lost':
      return { ids: event.ids, ...failureDocument(failureOf(event.error, 'harmless')) }
    case 'disconnected':
      return failureDocument(failureOf(event.error, 'harmless'))
    case 'reset':
    case 'connected':
    case 'agent-disconnected':
    case 'agent-connected':
    case 'gap':
      return {}
  }
}
