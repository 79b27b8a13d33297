import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_AHEAD, MAX_AHEAD_BYTES } from '../../../src/qga/agent-turns.ts'
import { QgaClient } from '../../../src/qga/index.ts'
import { VirtualClock, SimulatedAgent, SimulatedGuest } from '../../../src/testing/index.ts'
import { answer, answerSync, type ScriptedPeer, settle, synced } from './kit.ts'

const AHEAD = { sendAhead: true }

/** In step, and known to echo ids. */
async function echoing(clock?: VirtualClock) {
  const { peer, client } = await synced(clock === undefined ? {} : { clock })
  const first = client.execute('x-first')
  await answer(peer, '1')
  await first
  return { peer, client }
}

/** All commands that the client has sent and that were not taken yet. */
async function sent(peer: ScriptedPeer) {
  await settle()
  const lines = peer.heard.trimEnd().split('\n')
  const commands = []
  for (const line of lines) if (line !== '') commands.push(await peer.command())
  return commands
}

function say(peer: ScriptedPeer, id: unknown, json: string) {
  peer.say(`{"return": ${json}, "id": ${String(id)}}\n`)
}

describe('commands that may be sent ahead', () => {
  test('are in flight together, and each gets its own answer, in whatever order', async () => {
    const { peer, client } = await echoing()
    const calls = ['x-a', 'x-b', 'x-c'].map((command) => client.execute(command, undefined, AHEAD))
    const commands = await sent(peer)
    expect(commands.map(({ execute }) => execute)).toEqual(['x-a', 'x-b', 'x-c'])
    for (const { id, execute } of commands.toReversed()) say(peer, id, `"${execute}"`)
    expect(await Promise.all(calls)).toEqual(['x-a', 'x-b', 'x-c'])
  })

  test('no more of them than a bound, in number and in bytes', async () => {
    const { peer, client } = await echoing()
    const calls = Array.from({ length: MAX_AHEAD + 5 }, (_, at) => client.execute(`x-${at}`, undefined, AHEAD))
    const first = await sent(peer)
    expect(first).toHaveLength(MAX_AHEAD)
    for (const { id } of first) say(peer, id, '0')
    const rest = await sent(peer)
    expect(rest).toHaveLength(5)
    for (const { id } of rest) say(peer, id, '0')
    await Promise.all(calls)

    const large = { text: 'x'.repeat(MAX_AHEAD_BYTES / 2) }
    const larges = [client.execute('x-large', large, AHEAD), client.execute('x-large', large, AHEAD)]
    for (let at = 0; at < 2; at++) {
      const [only, ...others] = await sent(peer)
      expect(others).toEqual([])
      say(peer, only?.id, '0')
    }
    await Promise.all(larges)
  })

  test('never pass one that may not, nor does it pass them', async () => {
    const { peer, client } = await echoing()
    const calls = [
      client.execute('x-a', undefined, AHEAD),
      client.execute('x-b', undefined, AHEAD),
      client.execute('x-alone'),
      client.execute('x-c', undefined, AHEAD),
    ]
    for (const expected of [['x-a', 'x-b'], ['x-alone'], ['x-c']]) {
      const commands = await sent(peer)
      expect(commands.map(({ execute }) => execute)).toEqual(expected)
      for (const { id } of commands) say(peer, id, '0')
    }
    await Promise.all(calls)
  })

  test('go one by one to an agent that does not echo ids', async () => {
    const agent = new SimulatedAgent(new SimulatedGuest({ kind: 'x86', vcpus: [0], possible: 1 }), { echoesIds: false })
    let inFlight = 0
    let most = 0
    agent.onCommand('guest-ping', async (_, usual) => {
      most = Math.max(most, ++inFlight)
      await settle()
      inFlight--
      return usual()
    })
    const client = await QgaClient.connect(agent.connect(), { timeoutMs: 60_000 })
    await Promise.all(Array.from({ length: 5 }, () => client.execute('guest-ping', undefined, AHEAD)))
    expect(most).toBe(1)
    await client.close()
  })
})

describe('after a time-out or an abort of one of several', () => {
  test('its late answer is not taken for another’s, and the next command syncs once the others have ended', async () => {
    const clock = new VirtualClock()
    const { peer, client } = await echoing(clock)
    const slow = client.execute('x-slow', undefined, { ...AHEAD, timeoutMs: 100 })
    const other = client.execute('x-other', undefined, AHEAD)
    const [slowOne, otherOne] = await sent(peer)
    const failed = expect(slow).rejects.toMatchObject({ code: 'ERR_TIMEOUT', outcome: 'unknown' })
    await clock.advance(100)
    await failed
    expect(client.state).toBe('unsynced')
    const next = client.execute('x-next', undefined, AHEAD)
    // Nothing goes out while the other one's answer is owed.
    expect(await sent(peer)).toEqual([])
    say(peer, slowOne?.id, '"late"')
    await settle()
    say(peer, otherOne?.id, '"its own"')
    expect(await other).toBe('its own')
    await answerSync(peer)
    await answer(peer, '"in step"')
    expect(await next).toBe('in step')
    await client.close()
  })

  test('an abort of them all: late answers, with or without an id, settle no other call', async () => {
    const { peer, client } = await echoing()
    const controller = new AbortController()
    const calls = ['x-a', 'x-b'].map((command) =>
      client.execute(command, undefined, { ...AHEAD, signal: controller.signal }),
    )
    const [a] = await sent(peer)
    controller.abort('enough')
    for (const call of calls) await expect(call).rejects.toBe('enough')
    const next = client.execute('x-next')
    say(peer, a?.id, '"late"')
    peer.say('{"return": "late"}\n')
    await answerSync(peer)
    await answer(peer, '"its own"')
    expect(await next).toBe('its own')
  })

  test('an answer without an id, which any of them may be owed, ends them all', async () => {
    const { peer, client } = await echoing()
    const calls = Promise.allSettled(['x-a', 'x-b'].map((command) => client.execute(command, undefined, AHEAD)))
    await sent(peer)
    peer.say('{"error": {"class": "GenericError", "desc": "JSON parse error"}}\n')
    expect(await calls).toMatchObject([
      { reason: { name: 'ProtocolError', outcome: 'unknown' } },
      { reason: { name: 'ProtocolError', outcome: 'unknown' } },
    ])
    expect(client.state).toBe('unsynced')
    const next = client.execute('x-next', undefined, AHEAD)
    await answerSync(peer)
    await answer(peer, '1')
    expect(await next).toBe(1)
  })

  test('one that gives up before its turn is never sent', async () => {
    const { peer, client } = await echoing()
    const alone = client.execute('x-alone')
    const controller = new AbortController()
    const waiting = client.execute('x-waits', undefined, { ...AHEAD, signal: controller.signal })
    const after = client.execute('x-after', undefined, AHEAD)
    controller.abort('enough')
    await expect(waiting).rejects.toBe('enough')
    await answer(peer, '1')
    await alone
    await answer(peer, '2')
    expect(await after).toBe(2)
    expect(client.state).toBe('synced')
  })
})

test('whatever is asked, in whatever mixture, and given up whenever: each call settles once, with its own answer or none', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ sendAhead: fc.boolean(), timeoutMs: fc.integer({ min: 1, max: 60 }) }), { maxLength: 60 }),
      fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 60 }),
      async (calls, delays) => {
        const clock = new VirtualClock()
        const agent = new SimulatedAgent(new SimulatedGuest({ kind: 'x86', vcpus: [0], possible: 1 }))
        let answered = 0
        agent.onCommand('x-echo', async ({ word }) => {
          const ms = delays[answered++ % delays.length] ?? 0
          if (ms > 0) await new Promise<void>((resolve) => clock.after(ms, resolve))
          return word
        })
        const client = await QgaClient.connect(agent.connect(), { clock, sync: false })
        const results = Promise.allSettled(calls.map((options, word) => client.execute('x-echo', { word }, options)))
        for (const [at, result] of (await clock.run(results)).entries()) {
          if (result.status === 'fulfilled') expect(result.value).toBe(at)
          else
            expect(result.reason).toMatchObject({
              code: expect.stringMatching(/^ERR_(TIMEOUT|NO_AGENT_ANSWER)$/) as string,
            })
        }
        expect(await clock.run(client.execute('x-echo', { word: 'after' }))).toBe('after')
        await client.close()
      },
    ),
    { numRuns: 40 },
  )
}, 60_000)
