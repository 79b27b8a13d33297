/** How a QEMU monitor greets, on one line or (`pretty=on`) on the second of several; telnet's options may come first. */
const GREETING = /^(?:\xff[\xfb-\xfe][^])*(?:\{\s*|\s+)"QMP"\s*:\s*\{/
/** The bytes of `{"Q`, and how long a greeting is at least: `{"QMP":{`. */
const OPEN = 0x7b
const QUOTE = 0x22
const Q = 0x51
const SHORTEST = 8
/** So many bytes of a line are enough to know it. */
const GREETING_BYTES = 40

/** What greets is not an agent: agents speak only when asked. */
export function isMonitor(line: Uint8Array): boolean {
  // Nearly every line is seen by its first bytes to be another one.
  if (line.length < SHORTEST || (line[0] === OPEN && line[1] === QUOTE && line[2] !== Q)) return false
  return GREETING.test(
    Buffer.from(line.buffer, line.byteOffset, Math.min(line.length, GREETING_BYTES)).toString('latin1'),
  )
}
