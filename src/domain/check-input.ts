import { requireCpuId } from '../bitmap/set/cpu-id.ts'
import { InputError } from '../errors/input-error.ts'
import { CONFIDENCES, VCPU_MAP_KINDS, type Confidence, type VcpuMapKind } from './results.ts'

/** @throws {@link InputError} `ERR_CPU_ID` or `ERR_STATE`, naming the input and what would be valid */
export function requireState(id: number, online: boolean): void {
  requireCpuId(id)
  if (typeof online === 'boolean') return
  throw new InputError('ERR_STATE', `the state is ${String(online)}, expected true (on) or false (off)`)
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
