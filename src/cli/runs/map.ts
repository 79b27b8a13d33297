import { guestMaps, mapsDocument, mapsOf } from '../maps.ts'
import { requireOperands } from '../operands.ts'
import { renderMaps } from '../render/map-table.ts'
import { renderStrip } from '../render/strip.ts'
import type { Answer, Session, VerbCode } from '../verb.ts'

/** Check what the verb was given, and say what it does then. */
export const prepare: VerbCode['prepare'] = ({ operands }) => {
  requireOperands('map', operands, [])
  return readMaps
}

async function readMaps(session: Session): Promise<Answer> {
  const { domain, hasAgent, wantsJson, columns, paint } = session
  // A script needs the maps only. The picture needs each vCPU, and takes its maps from that same reading, so that the two
  // cannot contradict each other.
  let failure: unknown
  const onGuestError = (error: unknown): void => {
    failure = error
  }
  const vcpus = wantsJson ? [] : await domain.vcpus({ ...session.call(), onGuestError })
  const qemu = wantsJson ? await domain.getVcpuMaps(session.call()) : mapsOf(vcpus)
  const agent = hasAgent && failure === undefined ? await guestMaps(session, onGuestError) : null
  return {
    json: mapsDocument(qemu, agent),
    text: () => [renderMaps(qemu, agent, columns, paint), renderStrip(vcpus, columns, paint)].join('\n\n'),
    failure,
  }
}
