import { ConnectionError, type Domain } from '../../index.ts'

/** Where a picture comes from: a domain that is kept, or one that is connected for each use. */
export interface Source {
  /** Is the monitor released between uses? Then there are no events. */
  readonly isShared: boolean
  /** Use the domain; connected for that where it has to be. */
  readonly use: <T>(task: (domain: Domain) => Promise<T>) => Promise<T>
  /** Is an error of a use worth another look, the VM being there? */
  readonly canRetry: (error: unknown) => boolean
}

/** A domain that stays connected. */
export function heldSource(domain: Domain): Source {
  return { isShared: false, use: (task) => task(domain), canRetry: () => false }
}

/** What a monitor that another client has, or a QEMU that does not run, answers a connection with. */
const BUSY = ['ERR_MONITOR_BUSY', 'ERR_MONITOR_HANGS', 'ERR_PROCESS_STOPPED', 'ERR_CONNECTION_LOST']

/**
 * A domain that is connected only while it is used, so that between uses another client has the monitor, which serves one. Uses at
 * the same time share a connection: the last one closes it.
 *
 * @param connect - connects the domain
 */
export function sharedSource(connect: () => Promise<Domain>): Source {
  let users = 0
  let current: Promise<Domain> | undefined
  return {
    isShared: true,
    use: async (task) => {
      users++
      try {
        current ??= connect()
        return await task(await current)
      } finally {
        users--
        if (users === 0) {
          const last = current
          current = undefined
          await closed(last)
        }
      }
    },
    canRetry: (error) => error instanceof ConnectionError && BUSY.includes(error.code),
  }
}

async function closed(connecting: Promise<Domain> | undefined): Promise<void> {
  let domain: Domain | undefined
  try {
    domain = await connecting
  } catch {
    // Each of its users was given the reason.
    return
  }
  await domain?.close()
}
