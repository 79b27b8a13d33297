import { requireCpuId } from '../bitmap/set/cpu-id.ts'
import { InputError } from '../errors/input-error.ts'
import { quote } from '../errors/quote.ts'
import { CONFIDENCES, VCPU_MAP_KINDS, type Confidence, type VcpuMapKind } from './results.ts'

/** @throws {@link InputError} `ERR_CPU_ID` or `ERR_STATE`, naming the input and what would be valid */
export function requireState(id: number, online: boolean): void {
  requireCpuId(id)
  if (typeof online === 'boolean') return
  throw new InputError('ERR_STATE', `the state is ${String(online)}, expected true (on) or false (off)`)
}

/** QEMU's rule for ids that its users choose. */
const DEVICE_ID = /^[A-Za-z][A-Za-z0-9._-]*$/
/** Longer than anybody's; QEMU has no limit of its own. */
const MAX_DEVICE_ID = 255

/** Would QEMU take it for a device id? */
export function isDeviceId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_DEVICE_ID && DEVICE_ID.test(value)
}

/** @throws {@link InputError} `ERR_DEVICE_ID` */
export function requireDeviceId(deviceId: string, online: boolean): void {
  const rule = `a letter, then letters, digits, '.', '_' and '-', at most ${MAX_DEVICE_ID} of them`
  if (!isDeviceId(deviceId)) {
    throw new InputError('ERR_DEVICE_ID', `${quote(deviceId)} is not a device id: expected ${rule}`)
  }
  if (!online)
    throw new InputError('ERR_DEVICE_ID', 'a device id is given to what is plugged, not to what is unplugged')
}

/** @throws {@link InputError} `ERR_CONFIDENCE` */
export function requireConfidence(confidence: Confidence): void {
  if (CONFIDENCES.includes(confidence)) return
  const valid = CONFIDENCES.join(', ')
  throw new InputError('ERR_CONFIDENCE', `leastConfidence is ${confidence}, expected one of ${valid}`)
}

/** @throws {@link InputError} `ERR_MAP_KIND` */
export function requireMapKind(kind: VcpuMapKind): void {
  if (VCPU_MAP_KINDS.includes(kind)) return
  const valid = VCPU_MAP_KINDS.join(', ')
  throw new InputError('ERR_MAP_KIND', `${JSON.stringify(kind)} is no kind of map, expected one of ${valid}`)
}
