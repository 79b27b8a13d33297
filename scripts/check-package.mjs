// Packs what was built, installs it into an empty directory as its users do, imports every entry point by its public name,
// runs the command, and looks at what npm has packed.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const { exports, bin, man, version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const quiet = ['--loglevel', 'error']
const directory = mkdtempSync(join(tmpdir(), 'qemu-vcpu-installed-'))
try {
  const packing = ['pack', '--json', '--ignore-scripts', '--pack-destination', directory, ...quiet]
  const [pack] = JSON.parse(execFileSync('npm', packing, { encoding: 'utf8' }))
  checkFiles(pack.files.map(({ path }) => path))
  writeFileSync(join(directory, 'package.json'), '{ "private": true, "type": "module" }')
  const installing = ['install', '--offline', '--no-audit', '--no-fund', ...quiet, `./${pack.filename}`]
  execFileSync('npm', installing, { cwd: directory, stdio: 'inherit' })
  const entries = Object.keys(exports).filter((entry) => !entry.endsWith('.json'))
  for (const entry of entries) checkEntry(entry.replace(/^\./, 'qemu-vcpu'))
  for (const name of Object.keys(bin)) {
    const said = execFileSync(join(directory, 'node_modules/.bin', name), ['--version'], { encoding: 'utf8' })
    if (said !== `${version}\n`) throw new Error(`${name} --version says ${said}`)
  }
  console.log(`${entries.length} entry points, ${pack.files.length} files, ${Math.round(pack.size / 1000)} kB packed`)
} finally {
  rmSync(directory, { recursive: true })
}

function checkEntry(name) {
  const count = `import * as all from '${name}'; process.stdout.write(String(Object.keys(all).length))`
  const args = ['--input-type=module', '--eval', count]
  const exported = execFileSync(process.execPath, args, { cwd: directory, encoding: 'utf8' })
  if (Number(exported) === 0) throw new Error(`${name} exports nothing`)
}

function checkFiles(files) {
  for (const wanted of [...Object.values(bin), ...man, 'README.md', 'CHANGELOG.md', 'LICENSE', 'package.json']) {
    if (!files.includes(wanted.replace(/^\.\//, ''))) throw new Error(`the package lacks ${wanted}`)
  }
  const strays = files.filter(
    (path) =>
      !/^(dist\/.*\.(js|d\.ts)|man\/[^/]+\.1|(docs\/)?[\w-]+\.md|docs\/[\w-]+\.svg|LICENSE|package\.json)$/.test(path),
  )
  if (strays.length > 0) throw new Error(`the package carries ${strays.join(', ')}`)
}
