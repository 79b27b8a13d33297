import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ConnectionError } from '../../../src/errors/peer-errors.ts'
import { memoryPair } from '../../../src/testing/index.ts'
import { encodeCommand, lostCall, settleCall } from '../../../src/wire/envelope.ts'
import { LineChannel } from '../../../src/wire/line-channel.ts'
import { parseMessage } from '../../../src/wire/message.ts'
import { PendingCalls } from '../../../src/wire/pending-calls.ts'
import { openCall } from './open-call.ts'

/** A session as both clients build it: a channel and the calls that wait in it. */
class Session {
  readonly pending = new PendingCalls()
  readonly channel: LineChannel
  readonly far = memoryPair()
  dropped = 0

  constructor() {
    this.channel = new LineChannel(this.far[0], {
      label: 'test',
      maxMessageBytes: 1_000,
      onLine: (line) => {
        if (!settleCall(this.pending, parseMessage(line), undefined)) this.dropped++
      },
      onClose: (cause) => {
        this.pending.rejectAll((command) => lostCall(command, 'unknown', cause))
      },
    })
  }

  call(signal: AbortSignal) {
    const { id, answer } = openCall(this.pending, { command: 'x', timeoutMs: 60_000, signal })
    this.channel.send(encodeCommand('execute', 'x', '', id))
    return { id, answer }
  }
}

type Ending = 'return' | 'error' | 'abort'

const endings = fc.uniqueArray(fc.constantFrom<Ending>('return', 'error', 'abort'), { minLength: 1 })
const closings = fc.constantFrom('peer ends', 'peer breaks', 'we close', 'garbage', 'nothing')

async function settle() {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}

test('however replies, aborts and closing interleave, each call ends as the first of them says', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(endings, { minLength: 1, maxLength: 5 }),
      closings,
      async (s, plans, closing) => {
        const session = new Session()
        const peer = session.far[1]
        // Replies into a connection that has ended fail at the peer, as they do for QEMU.
        peer.on('error', () => undefined)
        const first: string[] = []
        let closed = false
        let late = 0
        const calls = plans.map((plan, at) => {
          const controller = new AbortController()
          const { id, answer } = session.call(controller.signal)
          const outcome = answer.then(
            (value) => `return ${String(value)}`,
            (error: unknown) => (error instanceof Error ? `error ${error.message}` : String(error)),
          )
          for (const ending of plan) {
            void s.schedule(Promise.resolve(), ending).then(() => {
              if (ending === 'abort') controller.abort(`abort ${at}`)
              else if (ending === 'return') peer.write(`${JSON.stringify({ id, return: at })}\r\n`)
              else peer.write(`${JSON.stringify({ id, error: { class: 'E', desc: `no ${at}` } })}\r\n`)
              const told = { abort: `abort ${at}`, return: `return ${at}`, error: `error x: no ${at}` }[ending]
              if (closed) return
              if (first[at] !== undefined && ending !== 'abort') late++
              first[at] ??= told
            })
          }
          return outcome
        })
        void s.schedule(Promise.resolve(), closing).then(() => {
          closed = closing !== 'nothing'
          if (closing === 'peer ends') peer.end()
          if (closing === 'peer breaks') peer.destroy()
          if (closing === 'we close') session.channel.close(new ConnectionError('ERR_CLOSED', 'we left'))
          if (closing === 'garbage') peer.write('no JSON\n')
        })
        while (s.count() > 0) {
          await s.waitNext(1)
          await settle()
        }
        session.channel.close(new ConnectionError('ERR_CLOSED', 'the test is over'))
        const outcomes = await Promise.all(calls)
        for (const [at, outcome] of outcomes.entries()) {
          const expected = first[at]
          if (expected === undefined) expect(outcome).toMatch(/^error x: (test: |we left|not a line)/)
          else expect(outcome).toBe(expected)
        }
        expect(session.dropped).toBe(late)
        expect(session.pending.size).toBe(0)
      },
    ),
    { numRuns: 150 },
  )
})
