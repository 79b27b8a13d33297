import type { Confidence, VcpuMapKind } from '../../../src/index.ts'

/** How a change is asked for. */
export interface ChangeHow {
  readonly guest: boolean
  readonly rollback: boolean
  readonly wholeSlot: boolean
  readonly leastConfidence: Confidence
  readonly rollbackTimeoutMs?: number | undefined
  /** `onStep` resolves after so many milliseconds. */
  readonly stepMs?: number | undefined
}

/** One call of a Domain. Ids are taken round by the machine at hand, where they are to be its own. */
export type Operation =
  | { readonly op: 'getVcpuMap'; readonly kind: VcpuMapKind }
  | { readonly op: 'getVcpuMaps' | 'getGuestMaps' | 'exportLayout' | 'doctor' }
  | { readonly op: 'applyLayout'; readonly id: number }
  | { readonly op: 'vcpus'; readonly guest: boolean; readonly takesGuestErrors: boolean }
  | { readonly op: 'guestCpuToVcpu'; readonly id: number }
  | { readonly op: 'plan'; readonly count: number; readonly guest: boolean }
  | { readonly op: 'setVcpuState'; readonly id: number; readonly online: boolean; readonly how: ChangeHow }
  | { readonly op: 'setVcpuStates'; readonly ids: readonly number[]; readonly online: boolean; readonly how: ChangeHow }
  | { readonly op: 'scale'; readonly count: number; readonly how: ChangeHow }
  | { readonly op: 'setGuestVcpuState'; readonly id: number; readonly online: boolean }
  | { readonly op: 'setGuestVcpuStates'; readonly ids: readonly number[]; readonly online: boolean }
  | { readonly op: 'scaleGuest'; readonly count: number }
  /** A reader of `changes()` and one of `states()`, until the domain closes. */
  | { readonly op: 'follow' }
  /** `state`, `lostBy`, `name` and `pendingRemovals()`. */
  | { readonly op: 'look' }
  | { readonly op: 'close' }
  /** Nothing but time. */
  | { readonly op: 'wait'; readonly ms: number }
  /** Something happens to the VM. */
  | { readonly op: 'act'; readonly act: string; readonly any: number }

/** One step of a plan. */
export interface Step {
  readonly do: Operation
  readonly timeoutMs: number
  /** Its signal is aborted after so many milliseconds. */
  readonly abortAfterMs?: number | undefined
  /** The next step does not wait for its end. */
  readonly isBeside: boolean
}

/** One run of the command: its arguments but those that say where the VM is. */
export interface Run {
  readonly argv: readonly string[]
  /** What `--apply`, the last of them, is given: a file with the layout of the start and this vCPU, or with this text. */
  readonly layout?: number | string | undefined
  readonly timeoutMs?: number | undefined
  readonly json: boolean
  readonly isTerminal: boolean
  /** Is it given the agent's channel? */
  readonly hasAgent: boolean
  readonly interruptAfterMs?: number | undefined
}

/** One command on a client of a protocol. */
export interface Execute {
  readonly command: string
  readonly arguments?: Readonly<Record<string, unknown>> | undefined
  readonly timeoutMs: number
  readonly abortAfterMs?: number | undefined
  readonly isBeside: boolean
}

/** What happens at the terminal of `watch`, or to its VM, after so many milliseconds. */
export type Move = { readonly afterMs: number } & (
  | { readonly do: 'press'; readonly input: string }
  | { readonly do: 'resize'; readonly columns: number; readonly rows: number }
  /** ^Z, and `fg`. */
  | { readonly do: 'suspend' | 'resume' }
  /** Something happens to the VM. */
  | { readonly do: 'act'; readonly act: string; readonly any: number }
)
