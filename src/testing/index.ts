export { hang, type CommandArguments, type CommandHandler, type ReceivedCommand } from './command-hooks.ts'
export type { HotplugQuirks } from './hotplug.ts'
export type { MachineDescription, MachineKind } from './machine-description.ts'
export { memoryPair } from './memory-duplex.ts'
export { Refusal } from './refusal.ts'
export { SimulatedAgent, type SimulatedAgentOptions } from './simulated-agent.ts'
export {
  SimulatedGuest,
  type GuestSeat,
  type OnPlug,
  type OnUnplug,
  type SimulatedGuestOptions,
} from './simulated-guest.ts'
export { SimulatedQemu, type SimulatedQemuOptions } from './simulated-qemu.ts'
export type { GuestCpu } from '../bitmap/machine/replies.ts'
export type { SocketAddress, SocketListener } from '../wire/socket.ts'
