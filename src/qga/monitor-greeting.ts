/** How a QEMU monitor greets, on one line or (`pretty=on`) on the second of several; telnet's options may come first. */
const GREETING = /^(?:\xff[\xfb-\xfe][^])*(?:\{\s*|\s+)"QMP"\s*:\s*\{/
/** So many bytes of a line are enough to know it. */
const GREETING_BYTES = 40

/** What greets is no agent: those speak when they are asked. */
export function isMonitor(line: Uint8Array): boolean {
  return GREETING.test(
    Buffer.from(line.buffer, line.byteOffset, Math.min(line.length, GREETING_BYTES)).toString('latin1'),
  )
}
