import { guestMaps, mapsDocument, mapsOf } from '../maps.ts'
import { requireOperands } from '../operands.ts'
import { renderMaps } from '../render/map-table.ts'
import { renderStrip } from '../render/strip.ts'
import type { Answer, Session, Verb } from '../verb.ts'

/** `qemu-vcpu map`: all maps, and for people a picture of the slots. */
export const mapVerb: Verb = {
  name: 'map',
  operands: [],
  summary: 'show the maps of vCPUs, and with --qga of the guest',
  details: `QEMU's ids are cpu-indexes, for empty slots too:
  online      vCPUs that are plugged
  onlinable   vCPUs of empty slots, which could be plugged
  offlinable  plugged vCPUs that QEMU would unplug
  possible    all of them

The guest's ids are its own logical ids, which are not QEMU's:
  online      CPUs that the guest runs
  offlinable  those of them that it can turn off
  onlinable   CPUs that it does not run and can turn on
  possible    all that its agent lists

Below the maps stands one sign for each vCPU of QEMU's; with --qga it also tells
which plugged ones the guest does not run ('list' says more about each).
Where the agent does not answer, QEMU's maps are shown all the same.`,
  options: {},
  changes: false,
  needsAgent: false,
  lazyAgent: true,
  prepare: ({ operands }) => {
    requireOperands('map', operands, [])
    return readMaps
  },
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
