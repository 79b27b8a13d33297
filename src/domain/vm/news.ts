import type { CpuMap } from '../../bitmap/set/cpu-map.ts'

/**
 * What happens to a VM's vCPUs and to the connections, whoever brought it about. Tell them apart by `type`:
 *
 * - `plugged`, `unplugged`: a slot is filled or empty now; `late`: the call of ours that had asked for it had given up;
 * - `refused`: the guest refused an unplug of ours;
 * - `lost`: what becomes of an unplug of ours can no longer be known;
 * - `reset`: the guest was reset, so that it numbers its CPUs anew;
 * - `disconnected`, `connected`: the monitor was lost, and is back;
 * - `agent-disconnected`, `agent-connected`: the same for the guest agent, as far as QEMU reports its port;
 * - `gap`: something before this may have been missed; read the maps.
 */
export type DomainEvent =
  | { readonly type: 'plugged'; readonly ids: CpuMap; readonly deviceId: string | null }
  | { readonly type: 'unplugged'; readonly ids: CpuMap; readonly deviceId: string | null; readonly late: boolean }
  | { readonly type: 'refused'; readonly ids: CpuMap; readonly reason: string; readonly late: boolean }
  | { readonly type: 'lost'; readonly ids: CpuMap; readonly error: Error }
  | { readonly type: 'reset' }
  | { readonly type: 'disconnected'; readonly error: Error }
  | { readonly type: 'connected' }
  | { readonly type: 'agent-disconnected' }
  | { readonly type: 'agent-connected' }
  | { readonly type: 'gap' }
