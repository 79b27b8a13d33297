import { isObject, own } from '../wire/message.ts'
import type { CommandArguments, ReceivedCommand } from './command-hooks.ts'
import type { GuestSwitch } from './surroundings.ts'

/** When something happened, in every way that a VM counts. */
export interface Moment {
  /** Milliseconds of the VM's clock; 0 without one. */
  readonly atMs: number
  /** Which QEMU it was, counted from 1. */
  readonly qemu: number
  /** Which boot of the guest, counted from 1 and on through every QEMU. */
  readonly boot: number
}

/** Who asked: a client of the monitor or of the agent, or {@link OtherClient}. */
export type Asker = 'client' | 'other'

/** A `device_add` or `device_del` that QEMU received. */
export interface DeviceRequest extends Moment {
  readonly command: 'device_add' | 'device_del'
  readonly arguments: CommandArguments
  readonly by: Asker
  /** `lost` until it is carried out: a fault, or QEMU's end, may have come between. */
  readonly outcome: 'accepted' | 'refused' | 'lost'
}

/** A guest CPU that was turned on or off, and for whom. */
export interface SwitchRecord extends Moment, GuestSwitch {
  readonly by: Asker
}

/** One thing that happened. */
export type TraceEntry = Moment &
  (
    | {
        readonly what: 'command'
        readonly peer: 'qmp' | 'qga'
        readonly by: Asker
        readonly command: string
        readonly arguments: CommandArguments
      }
    | { readonly what: 'event'; readonly event: string; readonly data: object | undefined }
    | ({ readonly what: 'switch'; readonly by: Asker } & GuestSwitch)
    | { readonly what: 'act'; readonly act: string }
  )

/** Everything that happened to a simulated VM, for oracles and for whoever reads a failed run. */
export class VmRecord {
  readonly trace: TraceEntry[] = []
  readonly switches: SwitchRecord[] = []
  readonly #requests: { request: DeviceRequest }[] = []

  get requests(): readonly DeviceRequest[] {
    return this.#requests.map(({ request }) => request)
  }

  /** @returns what to call with the reply once the command is carried out */
  command(
    moment: Moment,
    peer: 'qmp' | 'qga',
    by: Asker,
    received: Omit<ReceivedCommand, 'id'>,
  ): (reply: object) => void {
    const { command } = received
    // The id of a sync is drawn by its client, which no seed reaches.
    const args = command.startsWith('guest-sync') ? {} : received.arguments
    this.trace.push({ ...moment, what: 'command', peer, by, command, arguments: args })
    if (command !== 'device_add' && command !== 'device_del') return () => undefined
    const entry: { request: DeviceRequest } = {
      request: { ...moment, command, arguments: args, by, outcome: 'lost' },
    }
    this.#requests.push(entry)
    return (reply) => {
      const refused = isObject(reply) && own(reply, 'error') !== undefined
      entry.request = { ...entry.request, outcome: refused ? 'refused' : 'accepted' }
    }
  }

  event(moment: Moment, event: string, data: object | undefined): void {
    this.trace.push({ ...moment, what: 'event', event, data })
  }

  guestSwitch(moment: Moment, by: Asker, entry: GuestSwitch): void {
    this.switches.push({ ...moment, by, ...entry })
    this.trace.push({ ...moment, what: 'switch', by, ...entry })
  }

  act(moment: Moment, act: string): void {
    this.trace.push({ ...moment, what: 'act', act })
  }
}
