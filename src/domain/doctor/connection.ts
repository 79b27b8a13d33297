import { ConnectionError } from '../../errors/peer-errors.ts'
import type { Finding } from './finding.ts'

const ADVICE: Readonly<Record<string, Pick<Finding, 'code' | 'summary' | 'advice'>>> = {
  ERR_MONITOR_BUSY: {
    code: 'monitor-busy',
    summary: 'the monitor accepts the connection and says nothing: it serves one client, and somebody else is it',
    advice:
      'close the other client, or give QEMU a monitor of your own: -qmp unix:/run/vm1/qmp2.sock,server=on,wait=off. A daemon that holds the monitor can hand its own executor to Domain.connect',
  },
  ERR_CONNECT: {
    code: 'monitor-unreachable',
    summary: 'the monitor cannot be reached',
    advice:
      'see that QEMU runs, that it was started with -qmp unix:PATH,server=on,wait=off, and that you may open that path',
  },
  ERR_NOT_QMP: {
    code: 'not-a-monitor',
    summary: 'something answers there, and it is no QMP monitor',
    advice:
      "give the socket of -qmp (or of -mon …,mode=control): the human monitor (-monitor), the agent's channel and consoles have sockets of their own",
  },
}

/**
 * The finding that a failed `Domain.connect` is: who cannot connect cannot be examined either, and still wants to know what
 * to do.
 *
 * @returns `undefined` for an error that says nothing about the monitor's socket
 */
export function connectionFinding(error: unknown): Finding | undefined {
  if (!(error instanceof ConnectionError) || !Object.hasOwn(ADVICE, error.code)) return undefined
  const known = ADVICE[error.code]
  return known === undefined ? undefined : { ...known, severity: 'blocks', evidence: error.message }
}
