// Imports every entry point of the built package by its public name, as its users would, and looks at what npm would pack.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const { exports, bin, man } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const entries = Object.keys(exports).filter((entry) => !entry.endsWith('.json'))
for (const entry of entries) {
  const names = Object.keys(await import(entry.replace(/^\./, 'qemu-vcpu')))
  if (names.length === 0) throw new Error(`${entry} exports nothing`)
}
const [pack] = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel', 'error'], { encoding: 'utf8' }),
)
const files = pack.files.map(({ path }) => path)
for (const wanted of [...Object.values(bin), ...man, 'README.md', 'CHANGELOG.md', 'LICENSE', 'package.json']) {
  if (!files.includes(wanted.replace(/^\.\//, ''))) throw new Error(`the package lacks ${wanted}`)
}
const strays = files.filter(
  (path) => !/^(dist\/.*\.(js|d\.ts)|man\/[^/]+\.1|(docs\/)?[\w-]+\.md|LICENSE|package\.json)$/.test(path),
)
if (strays.length > 0) throw new Error(`the package carries ${strays.join(', ')}`)
console.log(`${entries.length} entry points, ${files.length} files, ${Math.round(pack.size / 1000)} kB packed`)
