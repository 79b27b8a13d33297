import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { rollup } from 'rollup'
import { dts } from 'rollup-plugin-dts'
import { entries, rooms } from './layout.mjs'

const root = fileURLToPath(new URL('../../', import.meta.url))
const declarations = `${root}.cache/types/`

/** Roll the types up in the same way, with their comments: they are what an editor shows. */
export async function bundleTypes() {
  rmSync(declarations, { recursive: true, force: true })
  execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', `${root}tsconfig.build.json`], {
    stdio: 'inherit',
  })
  const importable = Object.entries(entries).filter(([name]) => name !== 'cli')
  const input = Object.fromEntries(importable.map(([name, path]) => [name, `${declarations}${path}.d.ts`]))
  const bundle = await rollup({ input, plugins: [dts()], external: /^node:/ })
  await bundle.write({
    dir: 'dist',
    format: 'es',
    entryFileNames: '[name].d.ts',
    chunkFileNames: 'rooms/[name].d.ts',
    manualChunks: (id) => (id.startsWith(declarations) ? roomOf(id.slice(declarations.length)) : undefined),
    minifyInternalExports: false,
  })
  await bundle.close()
}

/** An entry point's list of exports stays its own file: of the types nothing is in it. */
function roomOf(path) {
  return Object.values(entries).includes(path.replace(/\.d\.ts$/, ''))
    ? undefined
    : rooms.find(({ of }) => of.test(path))?.name
}
