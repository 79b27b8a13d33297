import type { Clock } from '../wire/clock.ts'
import type { Board } from './board.ts'
import type { CommandArguments } from './command-hooks.ts'
import type { Deliver } from './delivery.ts'
import type { SimulatedAccelerator } from './machine-answers.ts'
import type { Pace } from './pace.ts'

/** What a whole VM puts around its QEMU. Without it a simulated QEMU stands alone, and no time passes in it. */
export interface QemuSurroundings {
  readonly clock?: Clock | undefined
  readonly pace?: Pace
  readonly deliver?: Deliver
  /** Sees each event on its way to the clients, and calls `send` as often as it wants. */
  readonly route?: (event: string, data: object | undefined, send: () => void) => void
  /** Commands beside those that a QEMU alone knows, or in their place. */
  readonly commands?: (board: Board) => Readonly<Record<string, (args: CommandArguments) => unknown>>
  /** QEMU has ended: it was killed, or it quit. */
  readonly onKill?: () => void
  /** What runs the vCPUs; one that no command names unless given. */
  readonly accelerator?: SimulatedAccelerator
  readonly seed?: number
  readonly firstBoot?: number
  readonly firstThreadId?: number
}

/** A guest CPU that was turned on or off, or was so already. */
export interface GuestSwitch {
  readonly logicalId: number
  /** The vCPU that it was at that moment. */
  readonly cpuIndex: number | undefined
  readonly online: boolean
}

/** What a whole VM puts around its agent. */
export interface AgentSurroundings {
  readonly deliver?: Deliver
  /** Told of each entry of `guest-set-vcpus` that was carried out. */
  readonly onSwitch?: (entry: GuestSwitch) => void
}
