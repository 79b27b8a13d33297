import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { decodePiece, type Piece } from '../../../scripts/record/piece.ts'

/** A recording as it lies in `fixtures/`. */
export interface Recording {
  /** `10.0/flat`. */
  readonly folder: string
  /** `provenance.json`, unchecked. */
  readonly provenance: unknown
  /** The pieces of traffic by connection: `qmp`, `qga`. */
  readonly pieces: ReadonlyMap<string, readonly Piece[]>
}

const root = fileURLToPath(new URL('../../../fixtures/', import.meta.url))
const labels = ['qmp', 'qga']

/** The folders of all recordings there are. */
export function recordedFolders(): string[] {
  const directories = (path: string) =>
    readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
  return directories(root).flatMap((version) => directories(`${root}${version}`).map((name) => `${version}/${name}`))
}

/** The text of a file below `fixtures/`; `undefined` where there is none. */
export function fixtureText(path: string): string | undefined {
  return existsSync(`${root}${path}`) ? readFileSync(`${root}${path}`, 'utf8') : undefined
}

/** Reads one recording. */
export function readRecording(folder: string): Recording {
  const pieces = labels.flatMap((label) => {
    const text = fixtureText(`${folder}/${label}.jsonl`)
    return text === undefined ? [] : [[label, text.trimEnd().split('\n').map(decodePiece)] as const]
  })
  const provenance: unknown = JSON.parse(fixtureText(`${folder}/provenance.json`) ?? 'null')
  return { folder, provenance, pieces: new Map(pieces) }
}

/** All that came in, as one piece. */
export function inboundBytes(pieces: readonly Piece[]): Buffer {
  return Buffer.concat(pieces.flatMap(({ direction, bytes }) => (direction === 'in' ? [bytes] : [])))
}
