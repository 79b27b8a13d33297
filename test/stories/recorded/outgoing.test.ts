import { describe, expect, test } from 'vitest'
import { decodeReply, type HotpluggableCpu } from '../../../src/qmp/index.ts'
import { own } from '../../../src/wire/message.ts'
import { readRecording, recordedFolders } from './recordings.ts'
import { exchangesOf, messagesOf } from './script.ts'

/** These ask for what no slot is, to be refused. */
const odd = /\/(?:refusals|microvm)$/
const recorded = recordedFolders().map(readRecording)

describe.each(recorded)('$folder', ({ folder, pieces }) => {
  test('each command left as one line, without a byte that QEMU would read for nothing', () => {
    const out = [...pieces.values()].flat().filter(({ direction }) => direction === 'out')
    for (const { bytes } of out) {
      const text = Buffer.from(bytes).toString('latin1')
      expect(text.indexOf('\n')).toBe(text.length - 1)
      const json = text.replace(/^\xff/, '').trimEnd()
      expect(json).toBe(JSON.stringify(JSON.parse(json)))
    }
  })

  test('the ids of commands count up from 1, and no reply came twice', () => {
    for (const [, list] of pieces) {
      const asked = messagesOf(list).flatMap(({ direction, value }) => (direction === 'out' ? [own(value, 'id')] : []))
      const ids = asked.filter((id) => id !== undefined)
      expect(ids).toEqual(ids.map((_, at) => at + 1))
      const replies = messagesOf(list).flatMap(({ direction, value }) => (direction === 'in' ? [own(value, 'id')] : []))
      expect(replies.filter((id) => id !== undefined)).toEqual(ids)
    }
  })

  test('each device_add has the type and the very properties of one slot that was empty', () => {
    let slots: readonly HotpluggableCpu[] = []
    for (const { command, args, reply } of exchangesOf(messagesOf(pieces.get('qmp') ?? []))) {
      if (command === 'query-hotpluggable-cpus' && Object.hasOwn(reply.value, 'return')) {
        slots = decodeReply(command, own(reply.value, 'return'))
      }
      if (command !== 'device_add' || odd.test(folder)) continue
      const { id, ...rest } = args
      const empty = slots.filter((slot) => slot['qom-path'] === undefined)
      const wanted = empty.map(({ type, props }) => JSON.stringify({ ...props, driver: type }))
      expect(id).toMatch(/^(?:fill-\d+|vcpu\d+-[0-9a-f]{8})$/)
      expect(wanted.filter((words) => words === JSON.stringify(rest))).toHaveLength(1)
      expect(reply.value).toHaveProperty('return', {})
    }
  })

  test('the sync came first, behind a 0xFF, and the agent answered it behind another', () => {
    const messages = messagesOf(pieces.get('qga') ?? [])
    const marked = messages.filter((message) => message.marked)
    const [sync, answer] = marked
    expect(marked).toHaveLength(pieces.has('qga') ? 2 : 0)
    if (sync === undefined || answer === undefined) return
    expect(messages[0]).toBe(sync)
    expect(sync).toMatchObject({ direction: 'out', value: { execute: 'guest-sync-delimited' } })
    expect(answer).toMatchObject({
      direction: 'in',
      value: { return: (own(sync.value, 'arguments') as { readonly id: number }).id },
    })
  })
})
