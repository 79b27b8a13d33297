// Runs one scenario in the network namespace that it is started in, and says as JSON what was seen.
import { SCENARIOS } from './scenarios.ts'

const [name = ''] = process.argv.slice(2)
const scenario = Object.entries(SCENARIOS).find(([known]) => known === name)?.[1]
if (scenario === undefined) throw new Error(`there is not a scenario '${name}'`)
process.stdout.write(`${JSON.stringify(await scenario())}\n`)
