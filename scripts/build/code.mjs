import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { entries, rooms } from './layout.mjs'

const src = fileURLToPath(new URL('../../src/', import.meta.url))

/** Bundle the JavaScript: without comments, with the names of all functions and with its lines, so that a stack can be read. */
export async function bundleCode() {
  const input = Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, `${src}${path}.ts`]))
  const bundle = await rolldown({ input, platform: 'node', transform: { target: 'es2022' }, logLevel: 'warn' })
  await bundle.write({
    dir: 'dist',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: ({ isDynamicEntry, name }) => (isDynamicEntry ? `on-demand/${name}.js` : `rooms/${name}.js`),
    codeSplitting: { groups: rooms.map(groupOf) },
    comments: false,
    sourcemap: 'hidden',
    minify: {
      compress: false,
      mangle: { toplevel: false, keepNames: true },
      codegen: { removeWhitespace: false },
    },
  })
  await bundle.close()
}

function groupOf({ name, of }, at) {
  return {
    name,
    test: (id) => id.startsWith(src) && of.test(id.slice(src.length)),
    // A group takes along what it needs, unless a group above it has that.
    priority: rooms.length - at,
  }
}
