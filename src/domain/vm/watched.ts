import type { QgaExecutor } from '../../qga/executor.ts'
import type { QmpExecutor } from '../../qmp/executor.ts'
import { watchedExecute } from '../../wire/telemetry.ts'

/** A monitor's executor, for commands alone, each of which can be watched. */
export function watchedMonitor(monitor: QmpExecutor, vm: string): QmpExecutor {
  const execute = watchedExecute(monitor, vm, 'qmp')
  if (monitor.connected === undefined) return { execute }
  return { execute, connected: async (options) => monitor.connected?.(options) }
}

/** The same of an agent's. */
export function watchedAgent(agent: QgaExecutor, vm: string): QgaExecutor {
  return { execute: watchedExecute(agent, vm, 'qga') }
}
