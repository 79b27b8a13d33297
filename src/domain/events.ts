import type { CpuMap } from '../bitmap/set/cpu-map.ts'

/**
 * What happens to a VM's vCPUs, whether a call waits for it or not. Tell them apart by `type`:
 *
 * - `plugged`, `unplugged`: a change of ours is done; `late` when the call that asked for it had given up by then;
 * - `refused`: the guest refused an unplug;
 * - `lost`: nobody can tell any longer what became of an unplug;
 * - `reset`: the guest was reset, so that it numbers its CPUs anew.
 */
export type DomainEvent =
  | { readonly type: 'plugged'; readonly ids: CpuMap; readonly deviceId: string }
  | { readonly type: 'unplugged'; readonly ids: CpuMap; readonly deviceId: string | null; readonly late: boolean }
  | { readonly type: 'refused'; readonly ids: CpuMap; readonly reason: string; readonly late: boolean }
  | { readonly type: 'lost'; readonly ids: CpuMap; readonly error: Error }
  | { readonly type: 'reset' }
