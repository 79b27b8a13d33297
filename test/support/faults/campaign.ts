import { carryOut, measure, type CellResult } from './cell.ts'
import { FAULTS } from './faults.ts'
import { OPERATIONS } from './operations.ts'
import { FaultTable } from './table.ts'

/** What became of a part of the table. */
export interface Campaign {
  readonly table: FaultTable
  /** What is wrong, each with the cell that shows it: `plug into the guest/reset/3`. */
  readonly wrong: readonly string[]
}

/**
 * Every fault in every operation on a simulated VM.
 *
 * @param stride - at each so-many-th moment; which of them depends on the fault, and 1 has all
 * @param which - the operations; all unless given
 */
export async function simulatedFaults(stride: number, which = OPERATIONS): Promise<Campaign> {
  const table = new FaultTable(
    which.map(({ name }) => name),
    FAULTS.map(({ name }) => name),
  )
  const wrong: string[] = []
  for (const operation of which) {
    const last = (await measure(operation)) + 1
    for (const [at, fault] of FAULTS.entries()) {
      for (let moment = at % Math.min(stride, last); moment <= last; moment += stride) {
        const cell = await carryOut(operation, fault, moment)
        table.add(operation.name, fault.name, [cell.outcome])
        wrong.push(...cell.wrong.map((text) => `${operation.name}/${fault.name}/${moment}: ${text}`))
      }
    }
  }
  return { table, wrong }
}

/** One cell, by its name: `plug into the guest/reset/3`. */
export function simulatedCell(name: string): Promise<CellResult> {
  const [operationName, faultName, moment] = name.split('/')
  const operation = OPERATIONS.find((one) => one.name === operationName)
  const fault = FAULTS.find((one) => one.name === faultName)
  if (operation === undefined || fault === undefined) throw new Error(`'${name}' is not a cell`)
  return carryOut(operation, fault, Number(moment))
}
