import { readOrNothing } from './local-listener.ts'

/**
 * How often the kernel has sent the same bytes again without an acknowledgement, before the peer counts as vanished. At TCP's
 * shortest time-out (0.2 s, doubled each time) that is after 6.2 s. The kernel itself gives up after a quarter of an hour
 * (`tcp_retries2`), and keep-alive probes only connections on which nothing is unacknowledged.
 */
const MOST_RETRANSMISSIONS = 5

/** Columns of `/proc/net/tcp` (Linux, net/ipv4/tcp_ipv4.c): state `ESTABLISHED`, and the timer that runs. */
const ESTABLISHED = '01'
const RETRANSMISSION = '01'

/** Both ports of a TCP connection. */
export interface TcpPorts {
  readonly localPort: number
  readonly remotePort: number
}

/** The ports of a stream that is a TCP connection. */
export function tcpPortsOf(stream: object): TcpPorts | undefined {
  const localPort: unknown = 'localPort' in stream ? stream.localPort : undefined
  const remotePort: unknown = 'remotePort' in stream ? stream.remotePort : undefined
  return typeof localPort === 'number' && typeof remotePort === 'number' ? { localPort, remotePort } : undefined
}

/**
 * Has the other end of a connection acknowledged nothing for long? A peer that only hangs is not meant: its kernel acknowledges.
 *
 * @param proc - where the kernel's view is mounted
 * @returns `false` where that cannot be seen: on other systems than Linux
 */
export async function hasVanished(ports: TcpPorts, proc = '/proc'): Promise<boolean> {
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readOrNothing(`${proc}/net/${name}`)))
  const rows = tables.flatMap((table) => table?.split('\n') ?? []).flatMap((line) => parseRow(line, ports))
  return rows.length > 0 && rows.every(({ retransmissions }) => retransmissions >= MOST_RETRANSMISSIONS)
}

/** A line is `sl local remote st tx:rx tr:when retrnsmt …`, in hex; an address is `IP:PORT`. */
function parseRow(line: string, { localPort, remotePort }: TcpPorts): readonly { retransmissions: number }[] {
  const [, local = '', remote = '', state, , timer = '', retransmissions = ''] = line.trim().split(/\s+/)
  const isOurs = portOf(local) === localPort && portOf(remote) === remotePort && state === ESTABLISHED
  if (!isOurs) return []
  return [{ retransmissions: timer.startsWith(`${RETRANSMISSION}:`) ? Number.parseInt(retransmissions, 16) : 0 }]
}

function portOf(address: string): number {
  return Number.parseInt(address.slice(address.lastIndexOf(':') + 1), 16)
}
