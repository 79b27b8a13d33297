// npm run bench: what the maps cost, and writes docs/benchmarks.md. Never a test: no number here can fail.
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { cpuMapCosts } from './cpu-map-cost.ts'
import { mapCost, type MapCost } from './map-cost.ts'
import { reportText } from './report.ts'

const SIZES = [8, 255, 4_096]
const file = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url))

const maps: MapCost[] = []
for (const slots of SIZES) {
  console.error(`${slots} slots …`)
  maps.push(await mapCost(slots))
}
console.error('CpuMap …')
const text = reportText(maps, await cpuMapCosts())
const made = await format(text, { ...(await resolveConfig(file)), parser: 'markdown' })
await writeFile(file, made)
console.log(made)
