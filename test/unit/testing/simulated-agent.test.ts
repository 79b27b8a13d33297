import { describe, expect, test } from 'vitest'
import { CommandError, QgaClient, readGuestFile } from '../../../src/qga/index.ts'
import { QmpClient } from '../../../src/qmp/index.ts'
import {
  SimulatedAgent,
  SimulatedGuest,
  SimulatedQemu,
  type SimulatedAgentOptions,
  type SimulatedGuestOptions,
} from '../../../src/testing/index.ts'
import { settle } from '../wire/scripted-peer.ts'
import { testClock } from '../../support/passing-clock.ts'

async function start(
  guest: SimulatedGuestOptions = { kind: 'x86', vcpus: [0, 1, 4], possible: 8 },
  options: SimulatedAgentOptions = {},
) {
  const agent = new SimulatedAgent(new SimulatedGuest(guest), options)
  const client = await QgaClient.connect(agent.connect(), { clock: testClock() })
  const cat = async (path: string) =>
    Buffer.from(await readGuestFile(client, `/sys/devices/system/cpu/${path}`, { clock: testClock() })).toString()
  const set = (...vcpus: readonly (readonly [number, boolean])[]) =>
    client.execute('guest-set-vcpus', {
      vcpus: vcpus.map(([id, online]) => ({ 'logical-id': id, online })),
    })
  return { agent, client, cat, set }
}

async function words(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  return error instanceof CommandError ? `${error.errorClass}: ${error.description}` : error
}

/** What an agent says, byte by byte. */
function listen(agent: SimulatedAgent) {
  const channel = agent.connect()
  let heard = ''
  channel.on('data', (bytes: Buffer) => {
    heard += bytes.toString('latin1')
  })
  return {
    channel,
    heard: async () => {
      await settle()
      return heard
    },
  }
}

describe('guest-set-vcpus', () => {
  test('returns how many of the leading entries it applied', async () => {
    const { agent, set } = await start()
    expect(await set([1, false], [2, false])).toBe(2)
    expect(await set([1, true], [77, true], [0, true])).toBe(1)
    expect(agent.guest.seats.map(({ online }) => online)).toEqual([true, true, false])
    expect(await set()).toBe(0)
  })

  test('tells an error only of the first', async () => {
    const { set } = await start()
    expect(await words(set([0, false], [1, false]))).toBe("GenericError: logical processor #0 can't be offlined")
    expect(await words(set([77, true]))).toBe(
      'GenericError: open("/sys/devices/system/cpu/cpu77/"): No such file or directory',
    )
    expect(await set([0, true])).toBe(1)
  })

  test('does nothing at all of a list that is wrong somewhere', async () => {
    const { agent, client } = await start()
    const vcpus = [{ 'logical-id': 1, online: false }, { 'logical-id': 'x' }]
    expect(await words(client.execute('guest-set-vcpus', { vcpus } as never))).toContain(
      'GenericError: Invalid parameter',
    )
    expect(agent.guest.seats.every(({ online }) => online)).toBe(true)
  })

  test('pseries lists what is not present and cannot turn it on; somebody must stay online', async () => {
    const { client, set } = await start({ kind: 'pseries', vcpus: [0, 1], possible: 4 })
    expect(await client.execute('guest-get-vcpus')).toEqual([
      { 'logical-id': 3, online: false, 'can-offline': true },
      { 'logical-id': 2, online: false, 'can-offline': true },
      { 'logical-id': 1, online: true, 'can-offline': true },
      { 'logical-id': 0, online: true, 'can-offline': true },
    ])
    expect(await words(set([3, true]))).toContain('Invalid argument')
    await set([0, false])
    expect(await words(set([1, false]))).toContain('Device or resource busy')
  })
})

describe('/sys/devices/system/cpu', () => {
  test('on x86', async () => {
    const { cat, set } = await start()
    await set([1, false])
    expect([await cat('present'), await cat('online'), await cat('possible')]).toEqual(['0-2\n', '0,2\n', '0-7\n'])
    expect([await cat('cpu2/firmware_node/path'), await cat('cpu1/online')]).toEqual(['\\_SB_.CPUS.C004\n', '0\n'])
    for (const path of ['cpu0/online', 'cpu2/address', 'cpu2/physical_id', 'cpu3/online', '../x']) {
      expect(await words(cat(path)), path).toContain('No such file or directory')
    }
  })

  test('on s390x and pseries', async () => {
    const s390x = await start({ kind: 's390x', vcpus: [0, 5], possible: 8 })
    expect(await s390x.cat('cpu1/address')).toBe('5\n')
    const pseries = await start({ kind: 'pseries', vcpus: [0, 1, 12, 13], possible: 16 })
    expect(await pseries.cat('cpu2/physical_id')).toBe('12\n')
    expect(await pseries.cat('cpu9/physical_id')).toBe('0\n')
    expect(await pseries.cat('present')).toBe('0-3\n')
  })

  test('a file ends when its end was run into', async () => {
    const { agent, client } = await start()
    const handle = await client.execute('guest-file-open', { path: '/sys/devices/system/cpu/present' })
    const read = (count: number) => client.execute('guest-file-read', { handle, count })
    expect(await read(2)).toEqual({ count: 2, 'buf-b64': Buffer.from('0-').toString('base64'), eof: false })
    expect(await read(2)).toMatchObject({ count: 2, eof: false })
    expect(await read(2)).toMatchObject({ count: 0, eof: true })
    expect(agent.openHandles).toEqual([handle])
    await client.execute('guest-file-close', { handle })
    expect(await words(read(2))).toBe(`GenericError: handle '${handle}' has not been found`)
    expect(
      await words(client.execute('guest-file-open', { path: '/sys/devices/system/cpu/online', mode: 'w' })),
    ).toContain('Permission denied')
  })
})

describe('the protocol', () => {
  test('guest-info tells what is allowed; blocked and missing commands have their classes', async () => {
    const { client } = await start(undefined, {
      blocked: ['guest-file-open'],
      missing: ['guest-set-vcpus'],
      version: '7.2.0',
    })
    const info = await client.execute('guest-info')
    expect(info.version).toBe('7.2.0')
    const commands = new Map(info.supported_commands.map(({ name, enabled }) => [name, enabled]))
    expect(commands.get('guest-file-open')).toBe(false)
    expect(commands.get('guest-get-vcpus')).toBe(true)
    expect(commands.has('guest-set-vcpus')).toBe(false)
    expect(await words(client.execute('guest-file-open', { path: '/x' }))).toMatch(
      /^CommandNotFound: Command guest-file-open has been disabled/,
    )
    expect(await words(client.execute('guest-set-vcpus', { vcpus: [] }))).toMatch(/^CommandNotFound: /)
  })

  test('is silent until asked, echoes ids, ends lines with LF, and sends 0xFF before a delimited sync’s reply', async () => {
    const { agent } = await start()
    agent.kill()
    const fresh = new SimulatedAgent(new SimulatedGuest({ kind: 'x86', vcpus: [0], possible: 1 }))
    const { channel, heard } = listen(fresh)
    expect(await heard()).toBe('')
    channel.write(Buffer.from('\xff{"execute":"guest-sync-delimited","arguments":{"id":9}}', 'latin1'))
    // The 0xFF that goes before is an error of its own, without an id.
    const stray = '{"error":{"class":"GenericError","desc":"JSON parse error, stray \'\\ufffd\'"}}\n'
    expect(await heard()).toBe(`${stray}\xff{"return":9}\n`)
    channel.write('{"execute":"guest-ping","id":{"any":["ä"]}}\nnonsense\n{"arguments":{},"id":1}')
    expect(await heard()).toBe(
      `${stray}\xff{"return":9}\n` +
        '{"return":{},"id":{"any":["\\u00e4"]}}\n' +
        '{"error":{"class":"GenericError","desc":"JSON parse error, invalid keyword \'nonsense\'"}}\n' +
        '{"error":{"class":"GenericError","desc":"QMP input lacks member \'execute\'"},"id":1}\n',
    )
  })

  test('the channel outlives its clients: a reply that comes late reaches the next one', async () => {
    const agent = new SimulatedAgent(new SimulatedGuest({ kind: 'x86', vcpus: [0], possible: 1 }))
    let goOn = (): void => undefined
    agent.onCommand('guest-ping', async () => {
      await new Promise<void>((resolve) => {
        goOn = resolve
      })
    })
    const former = listen(agent)
    former.channel.write('{"execute":"guest-ping","id":1}')
    await settle()
    former.channel.destroy()
    const next = listen(agent)
    await settle()
    goOn()
    expect(await next.heard()).toBe('{"return":{},"id":1}\n')
  })

  test('floods', async () => {
    const agent = new SimulatedAgent(new SimulatedGuest({ kind: 'x86', vcpus: [0], possible: 1 }))
    const client = await QgaClient.connect(agent.connect(), { clock: testClock(), maxMessageBytes: 1_000 })
    agent.flood(5_000, 100)
    expect(await client.closed).toMatchObject({ code: 'ERR_TOO_MUCH_JUNK' })
  })
})

test('an agent says nothing while its guest is stopped', async () => {
  const qemu = new SimulatedQemu({ kind: 's390x', maxcpus: 4, bootVcpus: 2 })
  const qmp = await QmpClient.connect(qemu.connect(), { clock: testClock() })
  const qga = await QgaClient.connect(new SimulatedAgent(qemu.guest).connect(), { clock: testClock() })
  await qmp.execute('stop')
  let answered = false
  const ping = qga.execute('guest-ping').then(() => {
    answered = true
  })
  await settle()
  expect(answered).toBe(false)
  await qmp.execute('cont')
  await ping
})

test('guests number what they are given by themselves', async () => {
  const pseries = new SimulatedQemu({ kind: 'pseries', maxcpus: 16, threads: 4, bootVcpus: 4 })
  const qmp = await QmpClient.connect(pseries.connect(), { clock: testClock() })
  await qmp.execute('device_add', { driver: 'power10_v2.0-spapr-cpu-core', 'core-id': 12, id: 'c' })
  await settle()
  const present = () => pseries.guest.seats.filter(({ cpuIndex }) => cpuIndex !== undefined)
  expect(present().slice(4)).toEqual(
    [12, 13, 14, 15].map((cpuIndex, at) => ({ logicalId: 4 + at, cpuIndex, online: true })),
  )
  await qmp.execute('device_del', { id: 'c' })
  await settle()
  expect(present()).toHaveLength(4)
  expect(pseries.guest.seats).toHaveLength(16)

  const s390x = new SimulatedQemu({ kind: 's390x', maxcpus: 8, bootVcpus: 2, version: '7.2.0' })
  const other = await QmpClient.connect(s390x.connect(), { clock: testClock() })
  await other.execute('device_add', { driver: 'qemu-s390x-cpu', 'core-id': 5 })
  await settle()
  expect(s390x.guest.seats.at(-1)).toEqual({ logicalId: 2, cpuIndex: 5, online: false })
  await other.execute('system_reset')
  await settle()
  expect(s390x.guest.seats.at(-1)?.online).toBe(true)
})
