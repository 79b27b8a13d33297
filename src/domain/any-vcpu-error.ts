import type { AbortError } from '../errors/abort-error.ts'
import type { ContradictionError } from '../errors/contradiction-error.ts'
import type { ExecutorError } from '../errors/executor-error.ts'
import type { InputError } from '../errors/input-error.ts'
import type { LimitError } from '../errors/limit-error.ts'
import type { OverflowError } from '../errors/overflow-error.ts'
import type { CommandError, ConnectionError, ProtocolError, TimeoutError } from '../errors/peer-errors.ts'
import type { PartialChangeError } from '../qga/set-vcpus.ts'
import type { GuestChangeError } from './change/guest-change-error.ts'
import type { GuestRefusedError, NotConfirmedError, RefusedError } from './errors.ts'
import type { NotReachableError, ScaleAbortError, ScaleError } from './scale/errors.ts'
import type { GuestScaleError } from './scale/guest-scale-error.ts'

/** Every error of this package: distinguish them by `name`, whose literal narrows the type, then by `code`. */
export type AnyVcpuError =
  | AbortError
  | CommandError
  | ConnectionError
  | ContradictionError
  | ExecutorError
  | GuestChangeError
  | GuestRefusedError
  | GuestScaleError
  | InputError
  | LimitError
  | NotConfirmedError
  | NotReachableError
  | OverflowError
  | PartialChangeError
  | ProtocolError
  | RefusedError
  | ScaleAbortError
  | ScaleError
  | TimeoutError
