import { spawn } from 'node:child_process'
import { cp, readdir } from 'node:fs/promises'
import { once } from 'node:events'
import { join } from 'node:path'
import { inRepository } from '../formatted-page.ts'

/**
 * Run test/packed in a project that has the package installed.
 *
 * @param node - the Node that runs it
 * @param project - its directory; the suite is copied there, so that it finds the package by its name
 * @returns whether all of it passed
 */
export async function runSuite(node: string, project: string): Promise<boolean> {
  const suite = inRepository('test/packed')
  await cp(suite, join(project, 'packed'), { recursive: true })
  const files = (await readdir(suite)).filter((name) => /\.test\.[mc]js$/.test(name)).map((name) => `packed/${name}`)
  console.log(node)
  const child = spawn(node, ['--test', '--test-reporter=spec', ...files], { cwd: project, stdio: 'inherit' })
  const [code] = (await once(child, 'close')) as [number | null]
  return code === 0
}
