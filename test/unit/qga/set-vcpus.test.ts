import { describe, expect, test } from 'vitest'
import {
  CommandError,
  ConnectionError,
  QgaClient,
  setGuestVcpus,
  TimeoutError,
  type QgaExecutor,
} from '../../../src/qga/index.ts'
import { Refusal, SimulatedAgent, SimulatedGuest } from '../../../src/testing/index.ts'
import { testClock } from '../../support/passing-clock.ts'

const on = (id: number) => ({ 'logical-id': id, online: true })
const off = (id: number) => ({ 'logical-id': id, online: false })

async function setUp(vcpus = 4) {
  const ids = Array.from({ length: vcpus }, (_, id) => id)
  const agent = new SimulatedAgent(new SimulatedGuest({ kind: 'x86', vcpus: ids, possible: 8 }))
  return { agent, client: await QgaClient.connect(agent.connect(), { clock: testClock() }) }
}

const onlineIds = (agent: SimulatedAgent) =>
  agent.guest.seats.filter(({ online }) => online).map(({ logicalId }) => logicalId)

/** An executor that answers each call with the next of these. */
function answering(...answers: readonly unknown[]) {
  const asked: unknown[] = []
  const executor: QgaExecutor = {
    execute: (_, args) => {
      asked.push(args?.['vcpus'])
      const next = answers[asked.length - 1]
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next)
    },
  }
  return { asked, executor }
}

describe('setGuestVcpus', () => {
  test('does them all in one command', async () => {
    const { agent, client } = await setUp()
    await setGuestVcpus(client, [off(1), off(3), off(3)])
    expect(onlineIds(agent)).toEqual([0, 2])
    expect(agent.commands.filter(({ command }) => command === 'guest-set-vcpus')).toHaveLength(1)
  })

  test('asks nothing for nothing', async () => {
    const { agent, client } = await setUp()
    await setGuestVcpus(client, [])
    expect(agent.commands.map(({ command }) => command)).toEqual(['guest-sync-delimited'])
  })

  test('the first one fails: nothing was changed', async () => {
    const { agent, client } = await setUp()
    await expect(setGuestVcpus(client, [off(0), off(1)])).rejects.toMatchObject({
      name: 'CommandError',
      outcome: 'rejected',
      description: "logical processor #0 can't be offlined",
    })
    expect(onlineIds(agent)).toEqual([0, 1, 2, 3])
  })

  test('a later one fails: asks again from there to learn why', async () => {
    const { agent, client } = await setUp()
    await expect(setGuestVcpus(client, [off(1), on(77), off(2)])).rejects.toMatchObject({
      name: 'PartialChangeError',
      code: 'ERR_PARTIAL',
      outcome: 'partial',
      applied: 1,
      failed: on(77),
      cause: { name: 'CommandError', description: expect.stringContaining('No such file') as unknown },
      message: expect.stringContaining('the guest did 1 of 3 changes, then failed to turn its CPU 77 on') as unknown,
    })
    expect(onlineIds(agent)).toEqual([0, 2, 3])
    const asked = agent.commands.filter(({ command }) => command === 'guest-set-vcpus')
    expect(asked.map((each) => each.arguments['vcpus'])).toEqual([
      [off(1), on(77), off(2)],
      [on(77), off(2)],
    ])
  })

  test('goes on where the failure was a passing one', async () => {
    const { agent, client } = await setUp()
    let busy = true
    agent.onCommand('guest-set-vcpus', ({ vcpus }, usual) => {
      if (!busy || !Array.isArray(vcpus)) return usual()
      busy = false
      agent.guest.setOnline(1, false)
      return 1
    })
    await setGuestVcpus(client, [off(1), off(2), off(3)])
    expect(onlineIds(agent)).toEqual([0])
  })

  test.each([
    ['more than it was asked', 3],
    ['nothing', 0],
  ])('a guest that claims to have done %s', async (_, claimed) => {
    const { executor } = answering(claimed)
    await expect(setGuestVcpus(executor, [on(1), on(2)])).rejects.toMatchObject({
      name: 'ProtocolError',
      outcome: 'unknown',
      message: `guest-set-vcpus says it did ${claimed} of 2 entries`,
    })
  })

  test('a guest that claims more than the rest', async () => {
    const { asked, executor } = answering(1, 2)
    await expect(setGuestVcpus(executor, [on(1), on(2)])).rejects.toMatchObject({ outcome: 'unknown' })
    expect(asked).toEqual([[on(1), on(2)], [on(2)]])
  })

  test.each([-1, 1.5, '1', null, {}])('a guest that answers %j', async (reply) => {
    const { executor } = answering(reply)
    await expect(setGuestVcpus(executor, [on(1)])).rejects.toMatchObject({ name: 'ProtocolError', outcome: 'unknown' })
  })

  test.each([
    ['not-sent', [new TimeoutError('late', { outcome: 'not-sent' })], 'not-sent'],
    ['not-sent after some were done', [1, new TimeoutError('late', { outcome: 'not-sent' })], 'partial'],
    ['unknown', [new TimeoutError('late', { outcome: 'unknown' })], 'unknown'],
    ['unknown after some were done', [1, new TimeoutError('late', { outcome: 'unknown' })], 'unknown'],
  ])('a step whose end is %s', async (_, answers, outcome) => {
    const { executor } = answering(...answers)
    await expect(setGuestVcpus(executor, [on(1), on(2)])).rejects.toMatchObject({ name: 'TimeoutError', outcome })
  })

  test('an abort rejects with its reason', async () => {
    const { client } = await setUp()
    await expect(setGuestVcpus(client, [on(1)], { signal: AbortSignal.abort('mine') })).rejects.toBe('mine')
  })

  test('a blocked command keeps its class', async () => {
    const { agent, client } = await setUp()
    agent.onCommand('guest-set-vcpus', () => {
      throw new Refusal('Command guest-set-vcpus has been disabled', 'CommandDisabled')
    })
    await expect(setGuestVcpus(client, [on(1)])).rejects.toMatchObject({ errorClass: 'CommandDisabled' })
  })
})

test('the reason of an abort is the caller’s own, whatever it is; another error beside it is ours', async () => {
  const reason = new TimeoutError('mine', { outcome: 'not-sent' })
  const controller = new AbortController()
  const failing = (error: Error): QgaExecutor => ({
    execute: () => {
      controller.abort(reason)
      return Promise.reject(error)
    },
  })
  const { signal } = controller
  await expect(setGuestVcpus(failing(reason), [{ 'logical-id': 1, online: true }], { signal })).rejects.toBe(reason)
  const other = new ConnectionError('ERR_CONNECTION_LOST', 'lost')
  const next = new AbortController()
  const execute = () => {
    next.abort(reason)
    return Promise.reject(other)
  }
  await expect(
    setGuestVcpus({ execute }, [{ 'logical-id': 1, online: true }], { signal: next.signal }),
  ).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST', outcome: 'unknown' })
})

test('a later entry that fails is named with what it was to be', async () => {
  for (const [online, word] of [
    [true, 'on'],
    [false, 'off'],
  ] as const) {
    const answers: (number | Error)[] = [1, new CommandError('guest-set-vcpus', 'GenericError', 'busy')]
    const execute = () => {
      const next = answers.shift()
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next)
    }
    const changes = [1, 2].map((id) => ({ 'logical-id': id, online }))
    await expect(setGuestVcpus({ execute }, changes)).rejects.toThrow(
      `the guest did 1 of 2 changes, then failed to turn its CPU 2 ${word}: busy`,
    )
  }
})
