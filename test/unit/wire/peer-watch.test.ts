import { describe, expect, test } from 'vitest'
import { memoryPair } from '../../../src/testing/index.ts'
import { LineChannel } from '../../../src/wire/line-channel.ts'
import { PeerWatch } from '../../../src/wire/peer-watch.ts'
import type { TcpPorts } from '../../../src/wire/vanished-peer.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const PORTS = { localPort: 50_000, remotePort: 4_444 }
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** A watch whose kernel says what the test sets. */
function open() {
  const clock = new ManualClock()
  const [near, far] = memoryPair()
  const tcp = Object.assign(near, PORTS)
  const seen = { looks: 0, isGone: false, told: 0, onLook: (): void => undefined }
  const options = {
    clock,
    hasVanished: (ports: TcpPorts) => {
      expect(ports).toEqual(PORTS)
      seen.looks++
      seen.onLook()
      return Promise.resolve(seen.isGone)
    },
  }
  return { clock, tcp, far, seen, options }
}

function watch() {
  const all = open()
  const peer = PeerWatch.of(all.tcp, { ...all.options, onVanished: () => all.seen.told++ })
  if (peer === undefined) throw new Error('not watched')
  return { ...all, peer }
}

describe('a TCP connection on which something was sent', () => {
  test('is looked at when nothing has come for ten seconds', async () => {
    const { clock, peer, seen } = watch()
    peer.sent()
    await clock.advance(9_999)
    expect(seen.looks).toBe(0)
    await clock.advance(1)
    expect(seen).toMatchObject({ looks: 1, told: 0 })
  })

  test('is looked at again as long as its peer only hangs', async () => {
    const { clock, peer, seen } = watch()
    peer.sent()
    await clock.advance(10_000)
    seen.isGone = true
    await clock.advance(10_000)
    expect(seen).toMatchObject({ looks: 2, told: 1 })
    peer.sent()
    expect(clock.armed).toBe(0)
  })

  test('is not once something has come, until something else is sent', async () => {
    const { clock, peer, seen } = watch()
    peer.sent()
    await clock.advance(9_999)
    peer.heard()
    expect(clock.armed).toBe(0)
    peer.sent()
    await clock.advance(9_999)
    expect(seen.looks).toBe(0)
  })

  test('has not vanished when something comes during the look', async () => {
    const { clock, peer, seen } = watch()
    seen.isGone = true
    seen.onLook = () => {
      peer.heard()
    }
    peer.sent()
    await clock.advance(10_000)
    await turn()
    expect(seen).toMatchObject({ looks: 1, told: 0 })
  })

  test('is watched by one timer, however much is sent, and by none once it has ended', () => {
    const { clock, peer } = watch()
    peer.sent()
    peer.sent()
    expect(clock.armed).toBe(1)
    peer.end()
    expect(clock.armed).toBe(0)
    peer.sent()
    expect(clock.armed).toBe(0)
  })
})

test('what is not a TCP connection is not watched', () => {
  expect(PeerWatch.of(memoryPair()[0], { onVanished: () => undefined })).toBeUndefined()
})

describe('a channel over TCP', () => {
  function channel() {
    const all = open()
    const causes: Error[] = []
    const channel = new LineChannel(all.tcp, {
      label: 'qmp',
      maxMessageBytes: 100,
      onLine: () => undefined,
      onClose: (cause) => causes.push(cause),
      ...all.options,
    })
    return { ...all, channel, causes }
  }

  test('closes when its peer has vanished, and says so', async () => {
    const { channel: line, clock, seen, causes } = channel()
    seen.isGone = true
    line.send('{}\n')
    await clock.advance(10_000)
    expect(causes).toEqual([
      expect.objectContaining({
        code: 'ERR_CONNECTION_LOST',
        message: 'qmp: the peer has vanished: its host acknowledges nothing',
      }),
    ])
  })

  test('stays while its peer speaks, or once it is closed leaves no timer', async () => {
    const { channel: line, clock, far, seen, causes } = channel()
    seen.isGone = true
    line.send('{}\n')
    far.write('{}\n')
    await turn()
    await clock.advance(60_000)
    expect(causes).toEqual([])
    line.send('{}\n')
    line.close(new Error('enough'))
    expect(clock.armed).toBe(0)
    expect(seen.looks).toBe(0)
  })
})
