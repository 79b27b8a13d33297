import { CpuMap, type CallOptions, type Domain, type SetVcpuStateOptions } from '../../../src/index.ts'
import type { Bounds, Wish } from '../../stories/domain-over-simulated-vm/call.ts'
import { idOf } from '../../stories/domain-over-simulated-vm/acts.ts'
import type { ChangeHow, Operation, Step } from '../plan/operation.ts'
import type { Arena } from './arena.ts'
import { layoutOf } from './layout-of.ts'

/** Steps of a run, each with its own bounds, that there can be in a machine of this harness. */
const MOST_STEPS = 40
/** An id that no machine has. */
const NO_ID = 9_999
const NO_ID_DRAWN = 15

/** What a domain does, for one that stands in its place too. */
export type DomainUnderTest = Omit<Domain, symbol>

/** How an operation is to be carried out on a domain. */
export interface Performance {
  readonly wish?: Wish
  readonly bounds?: Bounds
  readonly mostMs: number
  readonly run: (domain: DomainUnderTest, options: CallOptions) => PromiseLike<unknown>
}

/** The call that a step is, unless it is not a call of its own. */
export function performanceOf(arena: Arena, { do: operation, timeoutMs }: Step): Performance | undefined {
  const read = (run: Performance['run'], mostMs = timeoutMs): Performance => ({ mostMs, run })
  switch (operation.op) {
    case 'getVcpuMap':
      return read((domain, options) => domain.getVcpuMap(operation.kind, options))
    case 'getVcpuMaps':
      return read((domain, options) => domain.getVcpuMaps(options))
    case 'getGuestMaps':
      return read((domain, options) => domain.getGuestMaps(options))
    case 'exportLayout':
      return read((domain, options) => domain.exportLayout(options))
    case 'doctor':
      return read((domain, options) => domain.doctor(options))
    case 'vcpus': {
      const { guest, takesGuestErrors } = operation
      const more = takesGuestErrors ? { guest, onGuestError: () => undefined } : { guest }
      return read((domain, options) => domain.vcpus({ ...options, ...more }))
    }
    case 'guestCpuToVcpu':
      return read((domain, options) => domain.guestCpuToVcpu(idIn(arena, operation.id), options))
    case 'plan':
      return read(
        (domain, options) => domain.plan(operation.count, { ...options, guest: operation.guest }),
        // It looks at the guest after QEMU, each within its time.
        2 * timeoutMs,
      )
    case 'setVcpuState':
    case 'setVcpuStates':
    case 'scale':
    case 'setGuestVcpuState':
    case 'setGuestVcpuStates':
    case 'scaleGuest':
    case 'applyLayout':
      return changeOf(arena, operation, timeoutMs)
    case 'close':
      return read((domain) => domain.close(), 0)
    case 'follow':
    case 'look':
    case 'wait':
    case 'act':
      return undefined
  }
}

type Change = Extract<
  Operation,
  {
    op:
      | 'setVcpuState'
      | 'setVcpuStates'
      | 'scale'
      | 'setGuestVcpuState'
      | 'setGuestVcpuStates'
      | 'scaleGuest'
      | 'applyLayout'
  }
>

function changeOf(arena: Arena, operation: Change, timeoutMs: number): Performance {
  const single = { timeoutMs, undoMs: 0 }
  switch (operation.op) {
    case 'setVcpuState': {
      const { online, how } = operation
      const id = idIn(arena, operation.id)
      const wish = { kind: 'set' as const, ids: arena.slotOf(id), online, guest: how.guest }
      return change(wish, boundsOf(how, timeoutMs), 1, (domain, options) =>
        domain.setVcpuState(id, online, optionsOf(arena, how, options)),
      )
    }
    case 'setVcpuStates': {
      const { online, how } = operation
      const ids = idsIn(arena, operation.ids)
      const wish = { kind: 'states' as const, ids, online, guest: how.guest }
      return change(wish, boundsOf(how, timeoutMs), MOST_STEPS, (domain, options) =>
        domain.setVcpuStates(CpuMap.from(ids), online, optionsOf(arena, how, options)),
      )
    }
    case 'scale': {
      const { count, how } = operation
      return change(
        { kind: 'scale', count, guest: how.guest },
        boundsOf(how, timeoutMs),
        MOST_STEPS,
        (domain, options) => domain.scale(count, optionsOf(arena, how, options)),
      )
    }
    case 'setGuestVcpuState': {
      const { online } = operation
      const id = idIn(arena, operation.id)
      return change({ kind: 'guest-set', id, online }, single, 1, (domain, options) =>
        domain.setGuestVcpuState(id, online, options),
      )
    }
    case 'setGuestVcpuStates': {
      const { online } = operation
      const ids = idsIn(arena, operation.ids)
      return change({ kind: 'states', ids: [], online, guest: true }, single, MOST_STEPS, (domain, options) =>
        domain.setGuestVcpuStates(CpuMap.from(ids), online, options),
      )
    }
    case 'scaleGuest':
      return change({ kind: 'states', ids: [], online: true, guest: true }, single, MOST_STEPS, (domain, options) =>
        domain.scaleGuest(operation.count, options),
      )
    case 'applyLayout': {
      const layout = layoutOf(arena, operation.id)
      return change({ kind: 'states', ids: [], online: true, guest: false }, single, MOST_STEPS, (domain, options) =>
        domain.applyLayout(layout, options),
      )
    }
  }
}

function change(wish: Wish, bounds: Bounds, steps: number, run: Performance['run']): Performance {
  return { wish, bounds, mostMs: steps * (bounds.timeoutMs + bounds.undoMs), run }
}

function boundsOf({ rollback, rollbackTimeoutMs, leastConfidence }: ChangeHow, timeoutMs: number): Bounds {
  return {
    timeoutMs,
    undoMs: rollback ? (rollbackTimeoutMs ?? timeoutMs) : 0,
    isAssumed: leastConfidence === 'assumed',
  }
}

function optionsOf({ clock }: Arena, { stepMs, ...how }: ChangeHow, options: CallOptions): SetVcpuStateOptions {
  if (stepMs === undefined) return { ...how, ...options }
  const onStep = (): Promise<void> =>
    new Promise((resolve) => {
      clock.after(stepMs, resolve)
    })
  return { ...how, ...options, onStep }
}

function idIn(arena: Arena, drawn: number): number {
  return drawn === NO_ID_DRAWN ? NO_ID : idOf(arena, drawn)
}

function idsIn(arena: Arena, drawn: readonly number[]): number[] {
  return [...new Set(drawn.map((each) => idIn(arena, each)))]
}
