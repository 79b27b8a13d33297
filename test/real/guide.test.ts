// docs/guides/embed.md from an empty project, word for word, on the Node that runs this; `npm run test:nodes` has the others.
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { stagePackage } from '../../scripts/build/stage.ts'
import { followGuide } from '../../scripts/package/guide.ts'
import { packInto } from '../../scripts/package/packed.ts'

test('a daemon and its tests come of an empty project as the guide says', async () => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'qemu-vcpu-guide-')))
  onTestFinished(() => rm(folder, { recursive: true }))
  const [built, project] = [join(folder, 'built'), join(folder, 'project')]
  await stagePackage(built)
  const tarball = await packInto(folder, built)
  await mkdir(project)
  const seconds = await followGuide({ node: process.execPath, tarball: tarball.path, folder: project })
  console.log(`the guide took ${seconds.toFixed(1)} s`)
  expect(tarball.files).not.toContain('docs/guides/embed.md')
}, 1_200_000)
