import type { Board } from './board.ts'
import type { CommandArguments } from './command-hooks.ts'
import type { Hotplug } from './hotplug.ts'
import { Refusal } from './refusal.ts'
import type { RunState } from './run-state.ts'

/** The parts of a simulated QEMU that its commands act on. */
export interface QemuParts {
  readonly board: Board
  readonly hotplug: Hotplug
  readonly runState: RunState
  readonly version: object
  readonly reset: () => void
  readonly quit: () => void
}

/** The commands that a simulated QEMU knows by itself. */
export function qemuCommands(parts: QemuParts): Readonly<Record<string, (args: CommandArguments) => unknown>> {
  const { board, hotplug, runState } = parts
  return {
    qmp_capabilities: () => undefined,
    'query-version': () => parts.version,
    'query-status': () => ({ running: runState.isRunning, status: runState.status }),
    'query-cpus-fast': () => board.cpusFast(),
    'query-hotpluggable-cpus': () => board.hotpluggableCpus(),
    'query-acpi-ospm-status': () => hotplug.ospmStatus(),
    'query-yank': () => [],
    'qom-get': ({ path, property }) => qomProperty(board, path, property),
    device_add: (args) => {
      hotplug.plug(args)
    },
    device_del: (args) => {
      hotplug.unplug(args)
    },
    system_reset: () => {
      process.nextTick(parts.reset)
    },
    stop: () => {
      runState.stop()
    },
    cont: () => {
      runState.resume()
    },
    quit: () => {
      process.nextTick(parts.quit)
    },
  }
}

/** Of all properties only these: how pseries numbers its hardware threads, and that the CPU model has no x2APIC. */
function qomProperty({ plan }: Board, path: unknown, property: unknown): number | boolean {
  const { kind, slots } = plan
  if (path === '/machine' && property === 'vsmt' && kind === 'pseries') return slots[0]?.count ?? 1
  if (property === 'x2apic' && kind === 'x86') return false
  throw new Refusal(`Property '${String(path)}.${String(property)}' not found`)
}
