import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { simulationPage } from '../test/matrix/differential/page.ts'

/** docs/simulation.md. */
export const SIMULATION_PAGE = fileURLToPath(new URL('../docs/simulation.md', import.meta.url))

/** The page as it should be, formatted as the repository's own pages are. */
export async function formattedSimulationPage(): Promise<string> {
  return format(simulationPage(), { ...(await resolveConfig(SIMULATION_PAGE)), filepath: SIMULATION_PAGE })
}

/** Make the page again from the lists that the differential tests go by. */
export async function makeSimulationPage(): Promise<void> {
  await writeFile(SIMULATION_PAGE, await formattedSimulationPage())
}
