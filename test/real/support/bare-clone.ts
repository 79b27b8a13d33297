import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { inRepository } from '../../../scripts/formatted-page.ts'

/** By this scripts/ready.mjs knows that the packages of the lock file are there. */
const STAMP = '.qemu-vcpu-lock-digest'

/**
 * Clone this checkout into a new folder, as a newcomer has it: what is committed, and nothing that was built. The npm packages
 * for development, which a clone fetches at its first `npm pack`, are those of this checkout.
 *
 * @throws what git says
 */
export async function bareClone(folder: string): Promise<void> {
  await promisify(execFile)('git', ['clone', '--quiet', inRepository(''), folder])
  const [theirs, own] = [inRepository('node_modules'), join(folder, 'node_modules')]
  await mkdir(own)
  // Each a link of its own, and not one link to the folder: an `npm ci` in the clone would empty that.
  for (const name of await readdir(theirs)) if (name !== STAMP) await symlink(join(theirs, name), join(own, name))
  const lock = await readFile(join(folder, 'package-lock.json'))
  await writeFile(join(own, STAMP), createHash('sha256').update(lock).digest('hex'))
}

/** The variables with which npm asks no registry, and installs for everyone below `folder`. */
export function npmWithin(folder: string) {
  return {
    npm_config_prefix: join(folder, 'prefix'),
    npm_config_cache: join(folder, 'npm-cache'),
    npm_config_offline: 'true',
    npm_config_audit: 'false',
    npm_config_update_notifier: 'false',
  }
}
