import type { Sent } from '../call.ts'
import type { Seat } from '../seat.ts'

/** Pending is what QEMU and this boot of the guest were asked for, as far as this side can know. */
export function faultOfPendingRemovals(seat: Seat): string | undefined {
  if (seat.closedAtMs !== undefined) return undefined
  const pending = seat.domain.pendingRemovals()
  for (const id of pending) {
    const lines = seat.sent.filter(
      ({ command, device }) =>
        command === 'device_del' && device?.vcpus.some(({ cpuIndex }) => cpuIndex === id) === true,
    )
    const faults = lines.map((line) => faultOfLine(seat, line))
    if (lines.length === 0) return `vCPU ${id} is pending, and was never asked for`
    if (!faults.includes(undefined)) return `vCPU ${id} is pending: ${faults.join('; ')}`
  }
  return undefined
}

/** Why this request is none that is pending. */
function faultOfLine(seat: Seat, line: Sent): string | undefined {
  const { resets, read, stage } = seat
  const { device, qemu, seq, answer, answeredSeq } = line
  if (answer === 'none') return undefined
  if (answer === 'error') return 'QEMU refused it'
  if (read.qemu !== qemu) return 'another QEMU was asked'
  const reset = resets.at(-1) ?? 0
  if (reset > answeredSeq) return 'the guest was reset since'
  const gone = stage.history.transitions.find(
    (one) => one.kind === 'unplugged' && one.path === device?.path && one.qemu === qemu && one.seq > seq,
  )
  return gone !== undefined && read.seq > gone.seq ? 'its device is gone, and that was read' : undefined
}
