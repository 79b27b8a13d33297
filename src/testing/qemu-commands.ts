import { Abort } from './abort.ts'
import type { Board } from './board.ts'
import type { CommandArguments } from './command-hooks.ts'
import type { Hotplug } from './hotplug.ts'
import { machineAnswers, type SimulatedAccelerator } from './machine-answers.ts'
import type { RunState } from './run-state.ts'

/** The parts of a simulated QEMU that its commands act on. */
export interface QemuParts {
  readonly board: Board
  readonly hotplug: Hotplug
  readonly runState: RunState
  readonly version: object
  readonly accelerator: SimulatedAccelerator | undefined
  /** On s390x: does this vCPU run? */
  readonly operates: (cpuIndex: number) => boolean
  readonly reset: () => void
  /** QEMU ends in the middle of a command. */
  readonly kill: () => void
  readonly quit: () => void
}

/** The commands that a simulated QEMU knows by itself. */
export function qemuCommands(parts: QemuParts): Readonly<Record<string, (args: CommandArguments) => unknown>> {
  const { board, hotplug, runState } = parts
  const commands: Readonly<Record<string, (args: CommandArguments) => unknown>> = {
    qmp_capabilities: () => undefined,
    'query-version': () => parts.version,
    'query-status': () => ({ running: runState.isRunning, status: runState.status }),
    'query-cpus-fast': () => board.cpusFast(parts.operates),
    'query-hotpluggable-cpus': () => board.hotpluggableCpus(),
    'query-acpi-ospm-status': () => hotplug.ospmStatus(),
    'query-yank': () => [],
    ...machineAnswers(board, parts.accelerator),
    device_add: (args) => {
      try {
        hotplug.plug(args)
      } catch (error) {
        if (!(error instanceof Abort)) throw error
        parts.kill()
        return new Promise(() => undefined)
      }
      return undefined
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
      parts.quit()
    },
  }
  const names = (): readonly string[] => ['query-commands', 'query-qmp-schema', ...Object.keys(commands)]
  return {
    ...commands,
    'query-commands': () => names().map((name) => ({ name })),
    // Of the schema only that there is such a command, as if each took and returned nothing.
    'query-qmp-schema': () => [
      ...names().map((name) => ({ name, 'meta-type': 'command', 'arg-type': '0', 'ret-type': '0' })),
      { name: '0', 'meta-type': 'object', members: [] },
    ],
  }
}
