// Packs what was built and looks at it as its users have it: what npm has packed, how TypeScript resolves its entry points, and
// test/packed on the Node that runs this. With --nodes (npm run test:nodes) also on each Node that it is made for, and there the guide from
// an empty project is followed too.
import { mkdir, readFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { inRepository } from './formatted-page.ts'
import { strayFiles } from './package/files.ts'
import { followGuide } from './package/guide.ts'
import { GUIDE_NODES, NODES, ensureNode } from './package/nodes.ts'
import { installTarball, packInto } from './package/packed.ts'
import { resolutionFaults } from './package/resolution.ts'
import { runSuite } from './package/suite.ts'

const { values } = parseArgs({ options: { nodes: { type: 'boolean', default: false } } })
const { exports } = JSON.parse(await readFile(inRepository('package.json'), 'utf8')) as {
  readonly exports: Readonly<Record<string, unknown>>
}
const directory = await mkdtemp(join(tmpdir(), 'qemu-vcpu-installed-'))
try {
  const tarball = await packInto(directory)
  const entries = Object.keys(exports).filter((entry) => !entry.endsWith('.json'))
  const faults = [...(await strayFiles(tarball.files)), ...(await resolutionFaults(tarball.path, entries))]
  for (const fault of faults) console.error(fault)
  if (faults.length > 0) process.exitCode = 1
  const project = join(directory, 'project')
  await installTarball(project, tarball)
  const nodes = values.nodes ? await Promise.all(NODES.map(ensureNode)) : [process.execPath]
  for (const node of nodes) if (!(await runSuite(node, project))) process.exitCode = 1
  for (const version of values.nodes ? GUIDE_NODES : []) {
    const folder = join(directory, `guide-${version}`)
    await mkdir(folder)
    try {
      const seconds = await followGuide({ node: await ensureNode(version), tarball: tarball.path, folder })
      console.log(`the guide from an empty project, on Node ${version}: ${seconds.toFixed(1)} s`)
    } catch (error) {
      console.error(`the guide from an empty project, on Node ${version}:`, error)
      process.exitCode = 1
    }
  }
  const size = `${tarball.files.length} files, ${Math.round(tarball.bytes / 1000)} kB packed`
  console.log(`${entries.length} entry points, ${size}, ${nodes.length} Node${nodes.length === 1 ? '' : 's'}`)
} finally {
  await rm(directory, { recursive: true })
}
