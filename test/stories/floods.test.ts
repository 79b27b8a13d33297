import { describe, expect, onTestFinished, test } from 'vitest'
import { Domain, type DomainOptions } from '../../src/index.ts'
import { SimulatedAgent, SimulatedQemu } from '../../src/testing/index.ts'
import { FloodingDuplex } from '../support/flooding-duplex.ts'
import { ManualClock } from '../support/manual-clock.ts'

const MIB = 1_048_576
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** A VM whose two connections can be flooded. */
async function setUp(options: Partial<DomainOptions> = {}) {
  // Time stands still: nothing here ends because it took long.
  const clock = new ManualClock()
  const qemu = new SimulatedQemu({ kind: 'x86', bootVcpus: 2, maxcpus: 8 }, { clock })
  const agent = new SimulatedAgent(qemu.guest)
  let dials = 0
  const streams = { qmp: new FloodingDuplex(qemu.connect()), qga: new FloodingDuplex(agent.connect()) }
  const dialAgent = () => {
    dials++
    return dials === 1 ? streams.qga : agent.connect()
  }
  const domain = await Domain.connect({ clock, qmp: streams.qmp, qga: dialAgent, ...options })
  onTestFinished(async () => {
    await domain.close()
    await qemu[Symbol.asyncDispose]()
    await agent[Symbol.asyncDispose]()
  })
  return { clock, domain, streams, dials: () => dials }
}

/** Lines, as many as fit into some 64 KiB. */
function linesOf(line: string): Buffer {
  return Buffer.from(`${line}\n`.repeat(Math.ceil(65_536 / (line.length + 1))))
}

/**
 * Ask one side for as long as the other is flooded.
 *
 * @returns how much of the flood had been taken at each answer, and the most that waited in the stream
 */
async function askDuring(stream: FloodingDuplex, ask: () => Promise<unknown>) {
  const atBytes: number[] = []
  let mostWaiting = 0
  while (stream.isFlooding) {
    await ask()
    atBytes.push(stream.pouredBytes)
    mostWaiting = Math.max(mostWaiting, stream.readableLength)
  }
  return { atBytes, mostWaiting }
}

const JUNK: readonly (readonly [string, Buffer])[] = [
  ['garbage', linesOf('x'.repeat(999))],
  ['stale replies', linesOf(`{"return": {"a": [${'1, '.repeat(100)}3]}, "id": 99}`)],
  ['lines just too small to be counted', linesOf(`{"return": [${'{},'.repeat(5_000)}{}]}`)],
  ['replies that are refused', Buffer.from(`{"return": [${'{},'.repeat(30_000)}{}]}\n`)],
]

describe('a flood of the agent', () => {
  test.each(JUNK)('of %s: the monitor answers throughout, and nothing piles up', async (_, piece) => {
    const { domain, streams } = await setUp({ limits: { qga: { junkBytes: 4_096 * MIB } } })
    const bytes = 64 * MIB
    streams.qga.flood(piece, bytes)
    const { atBytes, mostWaiting } = await askDuring(streams.qga, () => domain.getVcpuMap())
    expect(streams.qga.pouredBytes).toBeGreaterThanOrEqual(bytes)
    // A map takes some turns; in each of them less than a megabyte of the flood is read.
    expect(atBytes.filter((at) => at < bytes).length).toBeGreaterThan(20)
    expect(mostWaiting).toBeLessThanOrEqual(MIB)
    expect(String((await domain.getGuestMaps()).online)).toBe('0-1')
  })

  test.each([
    ...JUNK,
    ['empty lines', linesOf('')] as const,
    ['a line without end', Buffer.alloc(65_536, 'x')] as const,
  ])('of %s ends at the default limits; then the channel is made again', async (_, piece) => {
    const { clock, domain, streams, dials } = await setUp()
    streams.qga.flood(piece, 64 * MIB)
    await askDuring(streams.qga, () => domain.getVcpuMap())
    expect(streams.qga.destroyed).toBe(true)
    expect(streams.qga.pouredBytes).toBeLessThan(18 * MIB)
    const maps = domain.getGuestMaps()
    // A channel that answered nothing is not made again at once.
    await clock.advance(1_000)
    expect(String((await maps).online)).toBe('0-1')
    expect(dials()).toBe(2)
  })
})

describe('a flood of the monitor', () => {
  const event = (name: string, data: string) =>
    linesOf(`{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "${name}", "data": ${data}}`)

  test.each([
    ['events that are of no use', event('RTC_CHANGE', '{"offset": 1, "qom-path": "/machine/unattached"}')],
    ['large events', event('X', `{"a": "${'x'.repeat(10_000)}"}`)],
    ['stale replies', linesOf(`{"return": "${'x'.repeat(1_000)}", "id": 999999}`)],
  ])('of %s: the agent answers throughout, and nothing piles up', async (_, piece) => {
    const { domain, streams } = await setUp()
    const bytes = 16 * MIB
    const changes = domain.changes()
    streams.qmp.flood(piece, bytes)
    const { atBytes, mostWaiting } = await askDuring(streams.qmp, async () => {
      await domain.getGuestMaps()
      await nextTurn()
    })
    expect(streams.qmp.pouredBytes).toBeGreaterThanOrEqual(bytes)
    expect(atBytes.filter((at) => at < bytes).length).toBeGreaterThan(10)
    expect(mostWaiting).toBeLessThanOrEqual(MIB)
    expect(String(await domain.getVcpuMap())).toBe('0-1')
    await changes.return()
  })
})
