import type { KnownVcpuGuest, Vcpu } from '../../../src/index.ts'

/** A CPU of the guest that is surely the one, and off. */
export const OFFLINE: KnownVcpuGuest = { id: 9, online: false, canOffline: true, confidence: 'exact' }
/** The same, on. */
export const ONLINE: KnownVcpuGuest = { ...OFFLINE, online: true }

/** A machine of `count` vCPUs; `change` says what is special about one. */
export function machine(count: number, change: (id: number) => Partial<Vcpu> = () => ({})): Vcpu[] {
  return Array.from({ length: count }, (_, id) => ({
    id,
    online: false,
    onlinable: change(id).online !== true,
    offlinable: false,
    slot: [id],
    type: 'qemu64-x86_64-cpu',
    deviceId: null,
    qomPath: null,
    props: {},
    hostThreadId: null,
    guest: null,
    ...change(id),
  }))
}
