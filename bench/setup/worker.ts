import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { inRepository } from '../../scripts/formatted-page.ts'
import { pinned, type Core } from './cores.ts'

/** How to run a worker. */
export interface WorkerOptions {
  readonly core?: Core
  readonly nodeArgs?: readonly string[]
}

/** Longer than any of them takes on a busy machine: a fence against a hang. */
const LONGEST_MS = 300_000

/**
 * Run one of `bench/workers` in a fresh process, and read what it prints.
 *
 * @param installed - the directory of the packages that it loads
 */
export async function runWorker(
  installed: string,
  name: string,
  request: object,
  { core, nodeArgs = [] }: WorkerOptions = {},
): Promise<unknown> {
  const script = inRepository(`bench/workers/${name}.mjs`)
  const [program, ...args] = pinned(core, [process.execPath, ...nodeArgs, script, JSON.stringify(request)])
  const env = { ...process.env, BENCH_INSTALLED: installed }
  const { stdout } = await promisify(execFile)(program, args, { env, timeout: LONGEST_MS, maxBuffer: 2 ** 26 })
  return JSON.parse(stdout)
}
