import type { VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { ProtocolError } from '../../errors/peer-errors.ts'
import { onRefusal } from '../../errors/refusal.ts'
import type { QgaExecutor } from '../../qga/executor.ts'
import { readGuestText } from '../../qga/read-file.ts'
import type { QmpExecutor } from '../../qmp/executor.ts'
import { readProperty } from '../../qmp/properties.ts'
import type { Deadline } from '../../wire/deadline.ts'

const CPUINFO = '/proc/cpuinfo'
/** Linux writes some 1.5 kB of a CPU; flags grow. */
const MAX_BYTES_PER_CPU = 8_192
const MAX_BYTES = 7_000_000
/** What one command asks for: a large guest's whole file, and well below the cap of a message as base64. */
const CHUNK_BYTES = 1_048_576
/** Most CPUs of which QEMU is asked at once. */
const MAX_ASKED = 64

/**
 * Which vCPU each x86 CPU is that the guest runs, from one file: `/proc/cpuinfo` has its APIC id, and QEMU has the APIC id
 * of each vCPU. One that either does not say for certain is left out.
 *
 * @param count - how many CPUs the guest runs
 * @returns cpu-index by guest id; none where the guest does not say
 */
export async function readCpuinfoIds(
  qmp: QmpExecutor,
  qga: QgaExecutor,
  slots: readonly VcpuSlot[],
  count: number,
  deadline: Deadline,
): Promise<ReadonlyMap<number, number>> {
  const text = await readCpuinfo(qga, count, deadline)
  if (text === undefined) return new Map()
  const guestIds = apicIdsOf(text)
  if (guestIds.size === 0) return new Map()
  const indices = await readApicIds(qmp, slots, deadline)
  const ids = new Map<number, number>()
  for (const [guestId, apicId] of guestIds) {
    const index = indices.get(apicId)
    if (index !== undefined) ids.set(guestId, index)
  }
  return ids
}

function readCpuinfo(qga: QgaExecutor, count: number, deadline: Deadline): Promise<string | undefined> {
  const maxBytes = Math.min(MAX_BYTES, (count + 1) * MAX_BYTES_PER_CPU)
  return readGuestText(qga, CPUINFO, {
    ...deadline.options(),
    clock: deadline.clock,
    maxBytes,
    chunkBytes: CHUNK_BYTES,
  })
    .catch(onRefusal(() => undefined))
    .catch((error: unknown) => {
      // Larger than it can be, or in pieces that do not fit together: each CPU has a file of its own.
      if (error instanceof ProtocolError && error.outcome !== 'unknown') return undefined
      throw error
    })
}

/** The APIC id of each CPU by guest id; CPUs that come twice, or share an APIC id with another, say nothing. */
function apicIdsOf(text: string): ReadonlyMap<number, number> {
  const ids = new Map<number, number>()
  const owners = new Map<number, number>()
  const doubtful = new Set<number>()
  let guestId: number | undefined
  for (const [, word = '', digits = ''] of text.matchAll(/^(processor|apicid)[\t ]{0,16}:[\t ]{0,16}(\d{1,10})$/gm)) {
    const value = Number(digits)
    if (word === 'processor') {
      guestId = value
      if (ids.has(value)) doubtful.add(value)
    } else if (guestId !== undefined) {
      const owner = owners.get(value)
      if (owner !== undefined) doubtful.add(owner).add(guestId)
      owners.set(value, guestId)
      ids.set(guestId, value)
      guestId = undefined
    }
  }
  for (const id of doubtful) ids.delete(id)
  return ids
}

/** cpu-index by APIC id, in QEMU's own word. */
async function readApicIds(
  qmp: QmpExecutor,
  slots: readonly VcpuSlot[],
  deadline: Deadline,
): Promise<ReadonlyMap<number, number>> {
  const vcpus = slots.flatMap((slot) => slot.vcpus)
  const indices = new Map<number, number>()
  for (let at = 0; at < vcpus.length; at += MAX_ASKED) {
    const asked = vcpus.slice(at, at + MAX_ASKED)
    const apicIds = await Promise.all(
      asked.map(({ qomPath }) => readProperty(qmp, qomPath, 'apic-id', deadline.options())),
    )
    for (const [place, apicId] of apicIds.entries()) {
      const id = asked[place]?.id
      if (apicId !== undefined && id !== undefined) indices.set(apicId, id)
    }
  }
  return indices
}
