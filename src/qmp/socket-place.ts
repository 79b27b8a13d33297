import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** Where a socket is made that is needed for a moment. */
export interface SocketPlace {
  readonly path: string
  /** Remove the socket, if it is there, and what was made for it. */
  remove(): Promise<void>
}

/**
 * A path that nothing has yet.
 *
 * @param directory - one that exists; unless given, a new one that only this user may enter
 * @param name - of its own for each call
 * @throws what the file system says
 */
export async function socketPlace(directory: string | undefined, name: string): Promise<SocketPlace> {
  const own = directory === undefined ? await mkdtemp(join(tmpdir(), 'qemu-vcpu-')) : undefined
  // QEMU has a working directory of its own.
  const path = own === undefined ? resolve(directory ?? '', `${name}.sock`) : join(own, 'qmp.sock')
  return { path, remove: () => rm(own ?? path, { recursive: own !== undefined, force: true }) }
}
