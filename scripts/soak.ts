// npm run soak: real guests and simulated VMs in one process, for as long as asked; CONTRIBUTING.md says how. Ends with 1 where
// anything was false or drifts, with 2 for a wrong usage.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureGuestImage, everydayQemu } from '../packages/guest-kit/src/index.ts'
import { systemClock } from '../src/index.ts'
import { ProcessGauges } from '../test/soak/gauges.ts'
import { GuestSeat } from '../test/soak/guest-seat.ts'
import { parseSoakOptions, SOAK_USAGE, SoakUsageError, type SoakOptions } from '../test/soak/options.ts'
import { judgeRun, minuteLine, plotRun } from '../test/soak/report.ts'
import type { Seat, SeatContext } from '../test/soak/seat.ts'
import { SimulatedSeat } from '../test/soak/simulated/seat.ts'
import { soak, type Sample } from '../test/soak/soak.ts'

const MINUTE_MS = 60_000
/** One in so many simulated VMs is reached over UNIX sockets. */
const ON_SOCKETS = 5
/** More samples than that show nothing more. */
const MOST_SAMPLES = 2_000
const INTERRUPTED = 130

try {
  process.exitCode = await main(parseSoakOptions(process.argv.slice(2), Date.now() % 4_294_967_295))
} catch (error) {
  if (!(error instanceof SoakUsageError)) throw error
  console.error(`${error.message}\n${SOAK_USAGE}`)
  process.exitCode = 2
}

async function main(options: SoakOptions): Promise<number> {
  const { minutes, guests, vms, seed, svg } = options
  if (guests > 0) {
    await everydayQemu(say)
    await ensureGuestImage({ arch: 'x86_64', kernel: '6.1' }, say)
  }
  const durationMs = minutes * MINUTE_MS
  const sampleMs = Math.max(Math.min(10_000, durationMs / 30), durationMs / MOST_SAMPLES)
  const directory = await mkdtemp(join(tmpdir(), 'vcpu-soak-'))
  const stop = stopOnInterrupt()
  const leaked: Uint8Array[] = []
  const strays: unknown[] = []
  const note = (stray: unknown): void => void strays.push(stray)
  process.on('unhandledRejection', note).on('warning', note)
  using gauges = new ProcessGauges()
  const what = `${guests} real guest${guests === 1 ? '' : 's'} and ${vms} simulated VMs in one process`
  console.log(`${what} for ${minutes} min; --seed ${seed}`)
  if (!gauges.collects) console.log('the heap is not collected before it is read: node --expose-gc was not given')
  let latest: Sample | undefined
  let shown = 0
  const result = await soak({
    durationMs,
    seed,
    seats: seatsOf(options, directory),
    clock: systemClock,
    sampleMs,
    readGauges: (listeners) => gauges.read(listeners),
    stop,
    onStep: options.leakKib === 0 ? undefined : () => void leaked.push(new Uint8Array(options.leakKib * 1_024).fill(1)),
    onSample: (sample, tally) => {
      for (const stray of strays.splice(0)) tally.foundFalse('process', `stray ${String(stray)}`)
      for (const text of tally.texts.slice(shown)) console.log(`FALSE: ${text}`)
      shown = tally.texts.length
      if (latest !== undefined && Math.floor(latest.atMs / MINUTE_MS) === Math.floor(sample.atMs / MINUTE_MS)) return
      console.log(minuteLine(sample, latest, tally))
      latest = sample
    },
  })
  for (const stray of strays) result.tally.foundFalse('process', `stray ${String(stray)}`)
  await rm(directory, { recursive: true, force: true })
  const { isGood, lines } = judgeRun(result)
  console.log(lines.join('\n'))
  if (svg !== undefined) {
    await writeFile(svg, plotRun(what, result.samples, lines.slice(-6)))
    console.log(`plot: ${svg}`)
  }
  return isGood ? 0 : 1
}

function seatsOf({ guests, vms, paceMs }: SoakOptions, directory: string): ((context: SeatContext) => Seat)[] {
  return [
    ...Array.from({ length: guests }, (_, at) => (context: SeatContext) => new GuestSeat(`guest ${at + 1}`, context)),
    ...Array.from({ length: vms }, (_, at) => (context: SeatContext) => {
      return new SimulatedSeat(`vm${at + 1}`, paceMs, at % ON_SOCKETS === 0 ? directory : undefined, context)
    }),
  ]
}

/** Ctrl-C ends the run, with its verdict so far; once more ends it at once. */
function stopOnInterrupt(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(INTERRUPTED)
      console.log('stopping; once more to end at once')
      controller.abort(new Error(`the run was stopped by ${signal}`))
    })
  }
  return controller.signal
}

function say(line: string): void {
  console.error(line)
}
