import type { Mishap } from '../plan/fault.ts'
import { mangle } from './mangle.ts'
import { firstTextByte, type PeerMessage } from './message.ts'
import type { Act } from './outlet.ts'

const LATIN1 = 'latin1'

/** What becomes of a message that a mishap strikes, on its way to the client. */
export function actsOf({ bytes, value, on }: PeerMessage, mishap: Mishap): Act[] {
  switch (mishap.kind) {
    case 'deaf':
    case 'cut-off':
      return [write(bytes)]
    case 'hang':
      return [{ do: 'stop' }]
    case 'drop':
      return [write(bytes.subarray(0, mishap.afterBytes)), { do: 'end' }, { do: 'stop' }]
    case 'half-close':
      return [write(bytes), { do: 'end' }, { do: 'stop' }]
    case 'split':
      return piecesOf(bytes, mishap.bytes).map(write)
    case 'drip':
      return piecesOf(bytes, mishap.bytes).flatMap((piece): Act[] => [write(piece), { do: 'wait', ms: mishap.ms }])
    case 'slow':
      return [{ do: 'wait', ms: mishap.ms }, write(bytes)]
    case 'late':
      return [{ do: 'write-later', bytes, ms: mishap.ms }]
    case 'swallow':
      return []
    case 'twice':
      return [write(bytes), mishap.ms === 0 ? write(bytes) : { do: 'write-later', bytes, ms: mishap.ms }]
    case 'garbage':
      return beside(bytes, mishap.place, Buffer.from(mishap.bytes, LATIN1))
    case 'flood':
      return beside(bytes, mishap.place, Buffer.from(`${mishap.line}\n`.repeat(mishap.lines)))
    case 'events':
      return beside(
        bytes,
        mishap.place,
        Buffer.from(eventLine(mishap.event, noiseOf(mishap.event)).repeat(mishap.count)),
      )
    case 'idless':
      return beside(bytes, mishap.place, Buffer.from(idlessLine(mishap.desc).repeat(mishap.count)))
    case 'false-event':
      return beside(bytes, 'before', Buffer.from(eventLine(mishap.event, lieOf(mishap))))
    case 'wrong-id':
    case 'words':
    case 'edit':
    case 'remove':
    case 'repeat':
    case 'double-key':
    case 'taint':
    case 'taint-keys':
      return [value === undefined ? write(bytes) : write(changed(bytes, mangle(value, mishap)))]
    case 'refuse':
    case 'accept':
      // A greeting or an event is neither.
      return [value === undefined || isUnasked(on) ? write(bytes) : write(changed(bytes, mangle(value, mishap)))]
  }
}

function isUnasked(on: string): boolean {
  return on === 'greeting' || on === 'event'
}

function write(bytes: Uint8Array): Act {
  return { do: 'write', bytes }
}

function piecesOf(bytes: Buffer, size: number): Buffer[] {
  // A message of a hundred thousand bytes is not cut into as many pieces.
  const each = Math.max(size, Math.ceil(bytes.length / 400))
  return Array.from({ length: Math.ceil(bytes.length / each) }, (_, at) => bytes.subarray(at * each, (at + 1) * each))
}

function beside(bytes: Buffer, place: 'before' | 'after' | 'inside' | 'instead', other: Buffer): Act[] {
  const middle = bytes.length >> 1
  switch (place) {
    case 'before':
      return [write(Buffer.concat([other, bytes]))]
    case 'after':
      return [write(Buffer.concat([bytes, other]))]
    case 'inside':
      return [write(Buffer.concat([bytes.subarray(0, middle), other, bytes.subarray(middle)]))]
    case 'instead':
      return [write(other)]
  }
}

/** The line with another text; what stood before its text and its end stay. */
function changed(line: Buffer, text: string): Buffer {
  const end = line.toString(LATIN1).endsWith('\r\n') ? '\r\n' : '\n'
  return Buffer.concat([line.subarray(0, firstTextByte(line)), Buffer.from(text + end)])
}

function idlessLine(desc: string): string {
  return `${JSON.stringify({ error: { class: 'GenericError', desc } })}\n`
}

function eventLine(event: string, data: object): string {
  return `${JSON.stringify({ timestamp: { seconds: 1, microseconds: 2 }, event, data })}\n`
}

/** Data of an event about something that is not one of the VM's vCPUs. */
function noiseOf(event: string): object {
  const device = 'dimm7'
  if (event === 'ACPI_DEVICE_OST') {
    return { info: { device, slot: '4095', 'slot-type': 'DIMM', source: 3, status: 1 } }
  }
  return { device, path: `/machine/peripheral/${device}`, id: 'channel9', open: true }
}

/** Data of an event about one of the VM's vCPUs that did not happen. */
function lieOf({ event, vcpu, status }: Extract<Mishap, { kind: 'false-event' }>): object {
  const path = `/machine/unattached/device[${vcpu}]`
  if (event === 'ACPI_DEVICE_OST') return { info: { slot: String(vcpu), 'slot-type': 'CPU', source: 3, status } }
  return { path, guest: false, reason: 'guest-reset' }
}
