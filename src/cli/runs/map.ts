import { writeFile } from 'node:fs/promises'
import { printable, quote, type GuestMaps, type Vcpu, type VcpuMaps } from '../../index.ts'
import { usageError } from '../errors.ts'
import { guestMaps, mapsDocument, mapsOf } from '../maps.ts'
import { requireOperands } from '../operands.ts'
import { renderMaps } from '../render/map-table.ts'
import { renderStrip } from '../render/strip.ts'
import type { Answer, Session, VerbCode } from '../verb.ts'

/** Check what the verb was given, and say what it does then. */
export const prepare: VerbCode['prepare'] = ({ operands, options }) => {
  requireOperands('map', operands, [])
  const file = options.get('svg')
  if (file === '') throw usageError('--svg is empty, expected the name of a file', 'map')
  return (session) => readMaps(session, typeof file === 'string' ? file : undefined)
}

async function readMaps(session: Session, svg: string | undefined): Promise<Answer> {
  const { domain, hasAgent, wantsJson, columns, paint } = session
  // A script needs the maps only. A picture needs each vCPU, and takes its maps from that same reading, so that the two
  // cannot contradict each other.
  let failure: unknown
  const onGuestError = (error: unknown): void => {
    failure = error
  }
  const needsAll = !wantsJson || svg !== undefined
  const vcpus = !needsAll ? [] : await domain.vcpus({ ...session.call(), onGuestError })
  const qemu = needsAll ? mapsOf(vcpus) : await domain.getVcpuMaps(session.call())
  const agent = hasAgent && failure === undefined ? await guestMaps(session, onGuestError) : null
  if (svg !== undefined) await writePicture(svg, vcpus, titleOf(session, qemu, agent))
  const drawn = svg === undefined ? [] : [`drawn in ${printable(svg)}`]
  return {
    json: { ...mapsDocument(qemu, agent), ...(svg === undefined ? {} : { svg }) },
    text: () => [renderMaps(qemu, agent, columns, paint), renderStrip(vcpus, columns, paint), ...drawn].join('\n\n'),
    failure,
  }
}

function titleOf({ domain }: Session, { online, possible }: VcpuMaps, agent: GuestMaps | null): string {
  const guest = agent === null ? '' : `; the guest runs ${agent.online.size} of ${agent.possible.size}`
  return `${domain.name}: ${online.size} of ${possible.size} plugged${guest}`
}

async function writePicture(file: string, vcpus: readonly Vcpu[], title: string): Promise<void> {
  const { renderSvg } = await import('../grid/svg.ts')
  try {
    await writeFile(file, renderSvg(vcpus, { title }))
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown error'
    throw usageError(`--svg ${quote(file)} cannot be written: ${why}`, 'map')
  }
}
