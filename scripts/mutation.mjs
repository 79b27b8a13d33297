// Mutation tests (npm run mutation, or with the names of rooms: npm run mutation -- wire bitmap). Each room of src/ has
// its own run and must reach the score that stryker.config.mjs asks for. What survived is in reports/mutation/.
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'

const ROOMS = ['bitmap', 'wire', 'qmp', 'qga', 'domain/vm']

const asked = process.argv.slice(2)
const unknown = asked.find((room) => !ROOMS.includes(room))
if (unknown !== undefined) {
  console.error(`there is no room '${unknown}' here, only ${ROOMS.join(', ')}`)
  process.exit(2)
}

const lines = []
const total = { detected: 0, valid: 0 }
let isEnough = true
for (const room of asked.length === 0 ? ROOMS : asked) {
  const report = `reports/mutation/${room.replaceAll('/', '-')}.json`
  rmSync(report, { force: true })
  const { status } = spawnSync('stryker', ['run'], {
    stdio: 'inherit',
    env: { ...process.env, MUTATION_ROOM: room, MUTATION_REPORT: report },
  })
  if (status !== 0) isEnough = false
  const counts = countStates(report)
  if (counts === undefined) {
    lines.push(`${room}: no result`)
    continue
  }
  total.detected += counts.detected
  total.valid += counts.valid
  lines.push(`${room}: ${score(counts)}`)
}
lines.push(`all: ${score(total)}`)
console.log(lines.join('\n'))
process.exit(isEnough ? 0 : 1)

/** What Stryker's score is made of; `undefined` where its run did not get that far. */
function countStates(report) {
  let files
  try {
    files = JSON.parse(readFileSync(report, 'utf8')).files
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
  const states = Object.values(files).flatMap(({ mutants }) => mutants.map(({ status }) => status))
  const count = (...wanted) => states.filter((state) => wanted.includes(state)).length
  return { detected: count('Killed', 'Timeout'), valid: count('Killed', 'Timeout', 'Survived', 'NoCoverage') }
}

function score({ detected, valid }) {
  return `${((100 * detected) / Math.max(1, valid)).toFixed(1)} % (${valid - detected} of ${valid} survived)`
}
