import type { DomainEvent } from '../../index.ts'
import type { Snapshot } from './snapshot.ts'

/** Where a watch goes: snapshots and events, one after the other. */
export interface Show {
  snapshot(snapshot: Snapshot): void
  event(event: DomainEvent): void
  /** A look has failed, and the next may not. */
  blind(error: Error): void
  /** Nothing comes any more. */
  end(): Promise<void>
}
