import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { formattedSimulationPage, SIMULATION_PAGE } from '../../../scripts/simulation-page.ts'

test('docs/simulation.md says what the differential tests go by', async () => {
  expect(await readFile(SIMULATION_PAGE, 'utf8')).toBe(await formattedSimulationPage())
})
