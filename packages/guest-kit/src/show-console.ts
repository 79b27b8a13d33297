import { onTestFailed } from 'vitest'
import type { Machine } from './machine.ts'

/** Call it in a test: if the test fails, the machine's argv, stderr and last console lines are printed with it. */
export function showConsoleOnFailure(machine: Machine): void {
  onTestFailed(({ task }) => {
    console.error(machine.explain(`the machine of '${task.name}'`).message)
  })
}
