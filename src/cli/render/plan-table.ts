import type { Plan } from '../../index.ts'
import type { Paint } from './style.ts'
import { renderTable } from './table.ts'

/** A plan for people: one row for each step, in order, with its reason. */
export function renderPlan({ from, to, steps }: Plan, paint: Paint): string {
  if (steps.length === 0) return `${vcpus(from)} plugged already; nothing to do`
  const columns = [{ title: 'step', align: 'right' }, { title: 'do' }, { title: 'vCPU' }, { title: 'because' }] as const
  const rows = steps.map(({ ids, online, reason }, at) => [
    { text: String(at + 1) },
    online ? ({ text: 'plug', ink: 'green' } as const) : ({ text: 'unplug', ink: 'yellow' } as const),
    { text: String(ids) },
    { text: reason },
  ])
  return `from ${from} to ${vcpus(to)}\n\n${renderTable(columns, rows, paint)}`
}

function vcpus(count: number): string {
  return `${count} ${count === 1 ? 'vCPU' : 'vCPUs'}`
}
