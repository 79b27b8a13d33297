import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { rollup } from 'rollup'
import { dts } from 'rollup-plugin-dts'
import { inRepository } from '../formatted-page.ts'
import { ENTRIES, ROOMS } from './layout.ts'

/**
 * Roll the types up as the code is, with their comments: they are what an editor shows.
 *
 * @param dist - the directory of the code
 */
export async function bundleTypes(dist: string): Promise<void> {
  const declarations = await mkdtemp(join(tmpdir(), 'qemu-vcpu-types-'))
  try {
    await promisify(execFile)(process.execPath, [
      inRepository('node_modules/typescript/bin/tsc'),
      ...['-p', inRepository('tsconfig.build.json'), '--outDir', declarations],
    ])
    await rollUp(declarations, dist)
  } finally {
    await rm(declarations, { recursive: true })
  }
}

async function rollUp(declarations: string, dist: string): Promise<void> {
  const importable = Object.entries(ENTRIES).filter(([name]) => name !== 'cli')
  const input = Object.fromEntries(importable.map(([name, path]) => [name, join(declarations, `${path}.d.ts`)]))
  const bundle = await rollup({ input, plugins: [dts()], external: /^node:/ })
  await bundle.write({
    dir: dist,
    format: 'es',
    entryFileNames: '[name].d.ts',
    chunkFileNames: 'rooms/[name].d.ts',
    manualChunks: (id) => (id.startsWith(declarations) ? roomOf(id.slice(declarations.length + 1)) : undefined),
    minifyInternalExports: false,
  })
  await bundle.close()
}

/** An entry point's list of exports stays its own file: of the types nothing else is in it. */
function roomOf(path: string): string | undefined {
  if (Object.values(ENTRIES).includes(path.replace(/\.d\.ts$/, ''))) return undefined
  return ROOMS.find(({ of }) => of.test(path))?.name
}
