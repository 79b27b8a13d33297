import { rm } from 'node:fs/promises'
import { rolldown } from 'rolldown'
import { inRepository } from '../formatted-page.ts'
import { ENTRIES, ROOMS, type Room } from './layout.ts'

const src = inRepository('src/')

/**
 * Bundle the JavaScript: without comments, with the names of functions and with its lines, so that a stack can be read. Source
 * maps are made beside it, and not packed.
 *
 * @param dist - the directory, which is emptied before
 */
export async function bundleCode(dist: string): Promise<void> {
  await rm(dist, { recursive: true, force: true })
  const input = Object.fromEntries(Object.entries(ENTRIES).map(([name, path]) => [name, `${src}${path}.ts`]))
  const bundle = await rolldown({ input, platform: 'node', transform: { target: 'es2022' }, logLevel: 'warn' })
  await bundle.write({
    dir: dist,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: ({ isDynamicEntry, name }) => (isDynamicEntry ? `on-demand/${name}.js` : `rooms/${name}.js`),
    codeSplitting: { groups: ROOMS.map(groupOf) },
    comments: false,
    sourcemap: 'hidden',
    minify: {
      compress: { keepNames: { function: true, class: true } },
      mangle: { toplevel: false, keepNames: true },
      codegen: { removeWhitespace: false },
    },
  })
  await bundle.close()
}

function groupOf({ name, of }: Room, at: number) {
  return {
    name,
    test: (id: string) => id.startsWith(src) && of.test(id.slice(src.length)),
    // A group takes along what it needs, unless a group above it has that.
    priority: ROOMS.length - at,
  }
}
