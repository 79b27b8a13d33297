import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What a cell of the matrix asks. */
export const ASPECTS = ['prediction', 'map', 'plug', 'unplug', 'translation', 'agent'] as const
export type Aspect = (typeof ASPECTS)[number]

/**
 * What came out. `qemu-died`: QEMU ended, aborted or crashed at it. `guest-hung`: the guest never came back from it. `no` is
 * a defect of ours, or a gap: nothing that QEMU or a guest did by itself.
 */
export const VERDICTS = ['yes', 'refused-by-qemu', 'refused-by-guest', 'guest-hung', 'qemu-died', 'no'] as const
export type Verdict = (typeof VERDICTS)[number]

/** The guest that a cell was seen with. */
export interface CellGuest {
  /** As `uname -m` gives it, `ppc64le`. */
  readonly arch: string
  /** As `uname -r` gives it. */
  readonly kernel: string
  /** The agent's version; `null` for a guest without one. */
  readonly agent: string | null
}

/** What makes a cell the same cell in the next run. */
export interface CellIdentity {
  /** The machine type as people say it, without its capabilities: `q35`, `pseries`. It is a row of the table. */
  readonly machine: string
  /** What was done or how the machine was built, where a machine type has several: `flat`, `unplug of a busy CPU`. */
  readonly configuration?: string | undefined
  /** As QEMU itself reports it, `10.0.2`. */
  readonly qemu: string
  readonly guest?: CellGuest | undefined
  readonly aspect: Aspect
}

/** What was seen. */
export interface CellResult {
  readonly verdict: Verdict
  /** In the software's own words, for every verdict but `yes`: a test asserts them. No paths, no times. */
  readonly message?: string | undefined
}

/** One cell of the matrix. */
export interface Cell extends CellIdentity, CellResult {}

const directory = fileURLToPath(new URL('../../.cache/matrix/', import.meta.url))

/** Keep one cell for the table. A cell of the same identity, of an earlier run, is replaced. */
export async function recordCell(cell: Cell): Promise<void> {
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, fileName(cell)), `${JSON.stringify(cell, null, 2)}\n`)
}

/**
 * Run a test that is a cell: what it returns is recorded, and when it fails the cell is a `no` with the error's words, and
 * the test fails.
 */
export async function asCell(identity: CellIdentity, body: () => Promise<CellResult>): Promise<void> {
  try {
    await recordCell({ ...identity, ...(await body()) })
  } catch (error) {
    await recordCell({ ...identity, verdict: 'no', message: error instanceof Error ? error.message : String(error) })
    throw error
  }
}

/** Every cell that was recorded since the last {@link clearCells}, in no order. */
export async function readCells(): Promise<Cell[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.json'))
  return Promise.all(names.map(async (name) => JSON.parse(await readFile(join(directory, name), 'utf8')) as Cell))
}

/** Forget all cells, before a full run. */
export async function clearCells(): Promise<void> {
  await rm(directory, { recursive: true, force: true })
}

function fileName({ machine, configuration, qemu, guest, aspect }: CellIdentity): string {
  const identity = [machine, configuration ?? '', qemu, guest?.arch ?? '', guest?.kernel ?? '', aspect]
  const readable = identity.filter((part) => part !== '').join('-')
  const digest = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 8)
  return `${readable.replaceAll(/[^\w.-]+/g, '_').slice(0, 120)}-${digest}.json`
}
