import { checkPackage, createPackageFromTarballData, type Problem } from '@arethetypeswrong/core'
import { readFile } from 'node:fs/promises'

/**
 * What is so on purpose, for each entry point: the package is ESM alone.
 *
 * - `CJSResolvesToESM`: a CommonJS file that requires it gets a module of ESM. Node 20.19, 22.12 and all later ones load that (there
 *   is no top-level await in it), TypeScript has allowed it since 5.8 with `module: nodenext`, and `npm run test:nodes` does it.
 * - `NoResolution` for `node10`: the resolution of before `exports`, which no Node that this package runs on has, and which
 *   TypeScript 6 deprecates.
 */
const MEANT = [
  { kind: 'CJSResolvesToESM', resolutionKind: 'node16-cjs' },
  { kind: 'NoResolution', resolutionKind: 'node10' },
] as const

/**
 * How TypeScript resolves each entry point of a packed package, in every way that it knows, against what is meant.
 *
 * @param tarball - its path
 * @param entries - the entry points that have types, as in `exports`
 * @returns what differs, one line each: a problem that is not meant, and one that is meant and not there
 */
export async function resolutionFaults(tarball: string, entries: readonly string[]): Promise<readonly string[]> {
  const analysis = await checkPackage(createPackageFromTarballData(await readFile(tarball)))
  if (analysis.types === false) return ['the package has no types']
  const found = analysis.problems.map(nameOf)
  const meant = entries.flatMap((entry) =>
    MEANT.map(({ kind, resolutionKind }) => `${kind} ${entry} ${resolutionKind}`),
  )
  return [
    ...found.filter((problem) => !meant.includes(problem)),
    ...meant
      .filter((problem) => !found.includes(problem))
      .map((problem) => `no longer so, and still meant: ${problem}`),
  ]
}

function nameOf(problem: Problem): string {
  if ('entrypoint' in problem) return `${problem.kind} ${problem.entrypoint} ${problem.resolutionKind}`
  return `${problem.kind} ${'fileName' in problem ? problem.fileName : problem.typesFileName}`
}
