import { join } from 'node:path'
import { cacheDirectory } from '../../packages/guest-kit/src/index.ts'
import { installPrograms } from './packed.ts'

/**
 * The Nodes that the package is tested on: the oldest of `engines`, the first whose `require()` loads ESM, and the newest of those
 * with long-term support.
 */
export const NODES: readonly string[] = ['20.0.0', '20.19.0', '22', '24']

/** Those of them on which the guide from an empty project is followed: npm 11 does not run on Node 20.0. */
export const GUIDE_NODES: readonly string[] = NODES.slice(1)

/**
 * A Node of a version, from npm's package `node`, kept in the cache.
 *
 * @returns the path of the program
 */
export async function ensureNode(version: string): Promise<string> {
  const directory = join(cacheDirectory(), 'nodes', version)
  await installPrograms(directory, { node: version })
  return join(directory, 'node_modules/node/bin/node')
}
