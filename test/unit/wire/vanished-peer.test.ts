import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { hasVanished, tcpPortsOf } from '../../../src/wire/vanished-peer.ts'

const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode'
const PORTS = { localPort: 0x9460, remotePort: 0x115c }

/** As the kernel writes it; seen with the loopback device down, but for what the test says. */
function row({ local = '0100007F:9460', remote = '0100007F:115C', state = '01', timer = '01', retransmissions = 5 }) {
  const count = retransmissions.toString(16).toUpperCase().padStart(8, '0')
  return `   1: ${local} ${remote} ${state} 00000089:00000000 ${timer}:0000023A ${count}     0        0 4021 2 ffff8ea4`
}

async function kernel(tables: {
  readonly tcp?: readonly string[]
  readonly tcp6?: readonly string[]
}): Promise<string> {
  const proc = await mkdtemp(join(tmpdir(), 'vcpu-proc-'))
  onTestFinished(() => rm(proc, { recursive: true }))
  await mkdir(join(proc, 'net'))
  for (const [name, lines] of Object.entries(tables)) {
    await writeFile(join(proc, 'net', name), `${[HEAD, ...lines].join('\n')}\n`)
  }
  return proc
}

describe('a peer has vanished', () => {
  test('when the kernel has sent the same five times without an acknowledgement', async () => {
    expect(await hasVanished(PORTS, await kernel({ tcp: [row({})] }))).toBe(true)
    expect(await hasVanished(PORTS, await kernel({ tcp: [row({ retransmissions: 15 })] }))).toBe(true)
  })

  test('over IPv6, too', async () => {
    const local = '00000000000000000000000001000000:9460'
    const remote = '00000000000000000000000001000000:115C'
    expect(await hasVanished(PORTS, await kernel({ tcp: [], tcp6: [row({ local, remote })] }))).toBe(true)
  })

  test.each([
    ['fewer times', { retransmissions: 4 }],
    ['and now only probes a full buffer of the peer', { timer: '04' }],
    ['and now only keeps it alive', { timer: '02' }],
    ['on a connection from another port', { local: '0100007F:9461' }],
    ['on a connection to another port', { remote: '0100007F:115D' }],
    ['on a connection that is closing', { state: '04' }],
  ])('not when it has sent it %s', async (_, what) => {
    expect(await hasVanished(PORTS, await kernel({ tcp: [row(what)] }))).toBe(false)
  })

  test('not where one of two connections with these ports is sound', async () => {
    const proc = await kernel({ tcp: [row({}), row({ remote: '0200007F:115C', retransmissions: 0 })] })
    expect(await hasVanished(PORTS, proc)).toBe(false)
  })

  test('not where the kernel shows nothing', async () => {
    expect(await hasVanished(PORTS, await kernel({}))).toBe(false)
  })
})

test('only a stream with two ports is a TCP connection', () => {
  expect(tcpPortsOf({ localPort: 1, remotePort: 2, other: 3 })).toEqual({ localPort: 1, remotePort: 2 })
  expect(tcpPortsOf({ localPort: 1 })).toBeUndefined()
  expect(tcpPortsOf({ remotePort: 2 })).toBeUndefined()
  expect(tcpPortsOf({ localPort: undefined, remotePort: undefined })).toBeUndefined()
})
