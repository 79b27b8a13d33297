import type { Outcome } from '../../../../src/index.ts'
import type { BoardDevice } from '../../../../src/testing/board.ts'
import type { Call, Sent } from '../call.ts'

/** Is the outcome of a call that rejected true? */
export function faultOfOutcome(call: Call, outcome: Outcome): string | undefined {
  const { sent, owner } = call
  switch (outcome) {
    case 'not-sent':
      return sent.length === 0 ? undefined : `it sent ${namesOf(sent)}`
    case 'rejected':
      return faultOfRejected(call)
    case 'partial':
      return sent.length === 0 ? 'it sent nothing' : faultOfPartial(call)
    case 'unknown': {
      if (sent.length > 0 || call.wish.kind === 'guest-set') return sent.length > 0 ? undefined : 'it sent nothing'
      const ids = call.wish.kind === 'scale' ? undefined : new Set(call.wish.ids)
      const isJoined = owner.sent.some(
        ({ device, command }) =>
          command === 'device_del' &&
          (ids === undefined || device === undefined || device.vcpus.some(({ cpuIndex }) => ids.has(cpuIndex))),
      )
      return isJoined ? undefined : 'it sent nothing, and there was nothing to join'
    }
  }
}

/** Nothing that it asked for is so, nor may still become so. */
function faultOfRejected(call: Call): string | undefined {
  const { devices } = call.owner.stage.vm.qemu.board
  const left = devices.find(({ id }) => id !== undefined && call.added.includes(id))
  if (left !== undefined && call.wish.kind === 'set') return `${String(left.id)} is plugged`
  return faultOfPending(call) ?? faultOfGone(call)
}

function faultOfPartial(call: Call): string | undefined {
  const { transitions } = call.owner.stage.history
  const pending = faultOfPending(call)
  if (pending !== undefined) return pending
  const isDone =
    call.sent.some(({ command }) => command === 'guest-set-vcpus') ||
    transitions.some(({ deviceId, path }) => [deviceId, path].some((id) => [...call.added, ...call.asked].includes(id)))
  return isDone ? undefined : 'nothing was done'
}

/** What it asked for and only it is still on QEMU's list. */
function faultOfPending(call: Call): string | undefined {
  const { vm } = call.owner.stage
  for (const { device, command } of call.sent) {
    if (command !== 'device_del' || device === undefined || isAskedByOthers(call, device)) continue
    const isThere = vm.qemu.board.devices.includes(device)
    if (isThere && vm.qemu.unplugAskedOf(device) !== undefined) return `the unplug of ${device.path} is pending`
  }
  return undefined
}

/** It was removed although the call says that nothing is changed. */
function faultOfGone(call: Call): string | undefined {
  if (call.wish.kind !== 'set' || call.wish.online) return undefined
  const { vm, history } = call.owner.stage
  for (const { device, command, qemu } of call.sent) {
    if (command !== 'device_del' || device === undefined || qemu !== history.qemu) continue
    if (!vm.qemu.board.devices.includes(device) && !isAskedByOthers(call, device)) return `${device.path} is gone`
  }
  return undefined
}

/** Did anybody but this call ask for it? */
function isAskedByOthers(call: Call, device: BoardDevice): boolean {
  const { everyCall, stage } = call.owner
  const names = [device.id, device.path]
  if (everyCall().some((other) => other !== call && other.asked.some((id) => names.some((name) => name === id))))
    return true
  return stage.vm
    .truth()
    .requests.some(
      ({ by, command, arguments: { id } }) =>
        by === 'other' && command === 'device_del' && names.some((name) => name === id),
    )
}

function namesOf(sent: readonly Sent[]): string {
  return sent.map(({ command }) => command).join()
}
