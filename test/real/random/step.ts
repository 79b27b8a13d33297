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
  | (Bounds & { readonly by: 'A' | 'B'; readonly call: 'read'; readonly what: 'maps' | 'vcpus' | 'doctor' })
  | { readonly by: 'raw'; readonly call: 'device_add' | 'device_del'; readonly id: number }

/** When something happens: once the Domains have sent `afterLines` lines. */
interface When {
  readonly afterLines: number
  /** Not when the last of them is written, but when its answer has come: once so many answers have. */
  readonly atAnswer?: boolean
}

/** What happens to the VM or to a connection beside the calls. */
export type Disturbance =
  /** `system_reset`, and the boot that follows. */
  | (When & { readonly kind: 'reset' })
  /** The guest's kernel crashes and stays so; after the calls it is reset. */
  | (When & { readonly kind: 'crash' })
  /** QEMU is killed. */
  | (When & { readonly kind: 'kill-qemu' })
  /** The monitor's connection is cut. */
  | (When & { readonly kind: 'cut'; readonly of: 'A' | 'B' })
  /** The connection of the first monitor is cut, and its socket's file is away until the calls have ended. */
  | (When & { readonly kind: 'unlink' })
  /** SIGSTOP to QEMU, SIGCONT when the calls have ended. */
  | (When & { readonly kind: 'freeze' })
  /** The VM is stopped before the calls; it goes on after them, or is reset and goes on. */
  | { readonly kind: 'pause'; readonly reset: boolean }
  /** The agent is killed in the guest, and started again. */
  | (When & { readonly kind: 'kill-agent'; readonly of: 'A' | 'B' })
  /** SIGSTOP to the first agent in the guest, SIGCONT when the calls have ended. */
  | (When & { readonly kind: 'stop-agent' })
  /** The first agent is killed, and the next one finds that the file systems were frozen; thawed when the calls have ended. */
  | (When & { readonly kind: 'freeze-files' })
  /** The guest is too busy to give up any CPU that it runs. */
  | { readonly kind: 'busy-guest' }

/** Did the guest boot again in it? */
export function bootsAgain({ with: disturbance }: Step): boolean {
  if (disturbance?.kind === 'pause') return disturbance.reset
  return disturbance?.kind === 'reset' || disturbance?.kind === 'crash'
}

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
    case 'read':
      return op.what
    default:
      return `raw ${op.call}`
  }
}
