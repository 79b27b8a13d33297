import type { Duplex } from 'node:stream'
import type { Guest, KernelVersion, QemuTarget, QemuVersion } from '../../packages/guest-kit/src/index.ts'
import type { Clock, SocketAddress, WireTrace } from '../../src/index.ts'

/** What a session talks to: a real QEMU while it is recorded, the recording of one while it is replayed. */
export interface Peers {
  readonly qmp: SocketAddress | Duplex
  /** The agent's channel; not there on a machine without a guest. */
  readonly qga?: SocketAddress | Duplex | undefined
  readonly trace?: WireTrace | undefined
  /** What its waits go by; the system's unless given. */
  readonly clock?: Clock | undefined
  /** A new step of the session begins: traffic from here on is recorded under that name, and replayed under it. */
  readonly step: (name: string) => void
  /** Between two looks at something that the guest does in its own time. */
  readonly pause: () => Promise<void>
}

/** The options of a client of one of them. */
export function clientOptions({ trace, clock }: Peers): { trace?: WireTrace; clock?: Clock } {
  return { ...(trace === undefined ? {} : { trace }), ...(clock === undefined ? {} : { clock }) }
}

/** What is done with the peers. It resolves with what it saw, for the tests; the recorder has no use for that. */
export type Session = (peers: Peers) => Promise<unknown>

/** The guest of a recording, where it has one. It is an x86_64 one unless it says otherwise. */
export interface GuestSpec {
  readonly kernel: KernelVersion
  readonly agent: QemuVersion
  /** Further arguments of qemu-ga. */
  readonly agentArgs?: readonly string[]
  /** What is done in the guest before the session, by its own shell; nothing of it is recorded. */
  readonly prepare?: (guest: Guest) => Promise<void>
}

/** One recording: one entry of the table, one folder below `fixtures/`. */
export interface RecordingSpec {
  /** The folder's name below that of the QEMU version. */
  readonly name: string
  readonly qemu: QemuVersion
  readonly target: QemuTarget
  /** QEMU's `-machine`; default: the usual one of the target. */
  readonly machine?: string
  readonly smp: string
  readonly extraArgs?: readonly string[]
  /** Without one, the machine is started with its vCPUs stopped (`-S`). */
  readonly guest?: GuestSpec
  /** What was done, for people: it goes into provenance.json and README.md. */
  readonly what: string
  readonly session: Session
}

/** The folder of a recording, below `fixtures/`. */
export function folderOf({ qemu, name }: Pick<RecordingSpec, 'qemu' | 'name'>): string {
  return `${qemu}/${name}`
}
