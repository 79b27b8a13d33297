// What can be known of a message that is too large to read: QEMU writes an event's timestamp first, and a reply's id last.

/** So many bytes at either end are enough. */
const END_BYTES = 200

const EVENT = /^\s*\{\s*"(?:timestamp|event)"\s*:/
/** A number, and then the end of the whole message: within a string or an inner object more would follow. */
const ID = /[,{]\s*"id"\s*:\s*(\d{1,15})\s*\}\s*$/

/** Does it begin as an event does? */
export function beginsAsEvent(message: Uint8Array): boolean {
  return EVENT.test(latin1(message.subarray(0, END_BYTES)))
}

/** The id at its end; `undefined` where there is none. */
export function idAtEnd(message: Uint8Array): number | undefined {
  const [, digits] = ID.exec(latin1(message.subarray(-END_BYTES))) ?? []
  return digits === undefined ? undefined : Number(digits)
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}
