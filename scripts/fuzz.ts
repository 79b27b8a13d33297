// Fuzzing (npm run fuzz): random plans of faulty peers against the library and the command. CONTRIBUTING.md says how to use it.
import { fuzz } from '../test/fuzz/run/fuzz.ts'
import { FUZZ_USAGE, readOptions, type FuzzOptions } from '../test/fuzz/run/options.ts'

function options(): FuzzOptions | undefined {
  try {
    return readOptions(process.argv.slice(2))
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    console.error(FUZZ_USAGE)
    return undefined
  }
}

const given = options()
if (given === undefined) process.exitCode = 2
else {
  const isGood = await fuzz(given, (line) => {
    console.log(line)
  })
  process.exitCode = isGood ? 0 : 1
}
