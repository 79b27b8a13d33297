/** Who acts: a Domain with the first agent, a second controller with an agent of its own, or a client without the package. */
export type Actor = 'A' | 'B' | 'raw'

/** Bounds of one call. */
interface Bounds {
  readonly timeoutMs?: number
  /** Abort it once its Domain has sent so many lines more. */
  readonly abortAfterLines?: number
}

/** One call of one client. Plain JSON: what is printed can be replayed. */
export type Op =
  | (Bounds & {
      readonly by: 'A' | 'B'
      readonly call: 'set'
      readonly id: number
      readonly on: boolean
      readonly guest?: boolean
      readonly rollback?: boolean
    })
  | (Bounds & { readonly by: 'A' | 'B'; readonly call: 'guest-set'; readonly guestId: number; readonly on: boolean })
  | (Bounds & {
      readonly by: 'A' | 'B'
      readonly call: 'scale'
      readonly count: number
      readonly guest?: boolean
      readonly rollback?: boolean
    })
  | (Bounds & {
      readonly by: 'A' | 'B'
      readonly call: 'states'
      readonly ids: string
      readonly on: boolean
      readonly guest?: boolean
      readonly rollback?: boolean
    })
  | { readonly by: 'raw'; readonly call: 'device_add' | 'device_del'; readonly id: number }

/** What happens to the VM or to a connection beside the calls, once the Domains have sent `afterLines` lines. */
export type Disturbance =
  /** `system_reset`, and the boot that follows. */
  | { readonly kind: 'reset'; readonly afterLines: number }
  /** The monitor's connection is cut. */
  | { readonly kind: 'cut'; readonly of: 'A' | 'B'; readonly afterLines: number }
  /** SIGSTOP to QEMU, SIGCONT when the calls have ended. */
  | { readonly kind: 'freeze'; readonly afterLines: number }
  /** The VM is stopped before the calls; it goes on after them, or is reset and goes on. */
  | { readonly kind: 'pause'; readonly reset: boolean }
  /** The agent is killed in the guest, and started again. */
  | { readonly kind: 'kill-agent'; readonly of: 'A' | 'B'; readonly afterLines: number }
  /** The guest is too busy to give up any CPU that it runs. */
  | { readonly kind: 'busy-guest' }

/** Calls that are made at once, and what happens meanwhile. */
export interface Step {
  readonly ops: readonly Op[]
  readonly with?: Disturbance
}

/** What kind of step it is, for the figures. */
export function kindOf(step: Step): string {
  const calls = step.ops.length > 1 ? `race of ${step.ops.length}` : step.ops.map(nameOf).join('')
  return [calls, step.with?.kind].filter((part) => part !== undefined && part !== '').join(' + ')
}

function nameOf(op: Op): string {
  const through = 'guest' in op && op.guest ? ' through the guest' : ''
  const bounds = 'abortAfterLines' in op ? ', aborted' : ''
  switch (op.call) {
    case 'set':
    case 'states':
      return `${op.call} ${op.on ? 'on' : 'off'}${through}${bounds}`
    case 'guest-set':
      return `guest-set ${op.on ? 'on' : 'off'}${bounds}`
    case 'scale':
      return `scale${through}${bounds}`
    default:
      return `raw ${op.call}`
  }
}
