import { describe, expect, test } from 'vitest'
import { SimulatedQemu, type SimulatedQemuOptions } from '../../../src/testing/index.ts'
import { settle } from '../wire/scripted-peer.ts'

/** A client that speaks bytes, to see what the simulation says to the letter. */
function connect(options: Partial<SimulatedQemuOptions> = {}, qemu = new SimulatedQemu({ kind: 'x86', ...options })) {
  const channel = qemu.connect()
  let heard = ''
  channel.on('data', (bytes: Buffer) => {
    heard += bytes.toString()
  })
  return {
    qemu,
    channel,
    /** What came since the last time. */
    ask: async (text = '') => {
      if (text !== '') channel.write(text)
      await settle()
      const answer = heard
      heard = ''
      return answer
    },
  }
}

const NEGOTIATE = '{"execute":"qmp_capabilities"}'
const error = (errorClass: string, desc: string) => `{"error":{"class":"${errorClass}","desc":"${desc}"}`

test('greets, and ends its lines with CRLF', async () => {
  const { ask } = connect({ version: '7.2.3' })
  expect(await ask()).toBe(
    '{"QMP":{"version":{"qemu":{"major":7,"minor":2,"micro":3},"package":"simulated"},"capabilities":["oob"]}}\r\n',
  )
})

test('wants capabilities negotiated first, once', async () => {
  const { ask, qemu } = connect()
  await ask()
  const expecting = error('CommandNotFound', "Expecting capabilities negotiation with 'qmp_capabilities'")
  expect(await ask('{"execute":"query-status","id":1}')).toBe(`${expecting},"id":1}\r\n`)
  qemu.emit('NOT_YET')
  const odd = '{"execute":"qmp_capabilities","arguments":{"enable":["odd"]}}'
  expect(await ask(odd)).toContain("Parameter 'null' does not accept value 'odd'")
  expect(await ask(NEGOTIATE)).toBe('{"return":{}}\r\n')
  const complete = error('CommandNotFound', 'Capabilities negotiation is already complete, command ignored')
  expect(await ask(NEGOTIATE)).toBe(`${complete}}\r\n`)
  qemu.emit('NOW', { a: 'é' })
  expect(await ask()).toMatch(
    /^\{"timestamp":\{"seconds":\d+,"microseconds":1\},"event":"NOW","data":\{"a":"\\u00e9"\}\}\r\n$/,
  )
})

test('echoes any id; a parse error has none', async () => {
  const { ask } = connect()
  await ask(NEGOTIATE)
  expect(await ask('{"execute":"query-yank","id":{"x":[1]}}\n')).toBe('{"return":[],"id":{"x":[1]}}\r\n')
  expect(await ask('nonsense\n')).toBe(`${error('GenericError', "JSON parse error, invalid keyword 'nonsense'")}}\r\n`)
  expect(await ask('{"id":5}')).toBe(`${error('GenericError', "QMP input lacks member 'execute'")},"id":5}\r\n`)
  expect(await ask('{"execute":"query-yank","arguments":7,"id":6}')).toContain('must be an object')
})

test('answers in order, though one takes its time', async () => {
  const { ask, qemu } = connect()
  await ask(NEGOTIATE)
  let goOn = (): void => undefined
  qemu.onCommand('stop', () => new Promise<void>((resolve) => (goOn = resolve)))
  expect(await ask('{"execute":"stop","id":1}{"execute":"query-yank","id":2}')).toBe('')
  goOn()
  expect(await ask()).toBe('{"return":{},"id":1}\r\n{"return":[],"id":2}\r\n')
})

describe('out of band', () => {
  test('overtakes, where negotiated and allowed', async () => {
    const { ask, qemu } = connect()
    await ask('{"execute":"qmp_capabilities","arguments":{"enable":["oob"]}}')
    qemu.onCommand('stop', () => new Promise(() => undefined))
    expect(await ask('{"execute":"stop","id":1}{"exec-oob":"query-yank","id":2}')).toBe('{"return":[],"id":2}\r\n')
    expect(await ask('{"exec-oob":"query-status","id":3}')).toContain('does not support OOB')
  })

  test('is refused otherwise', async () => {
    const { ask } = connect()
    await ask(NEGOTIATE)
    expect(await ask('{"exec-oob":"query-yank","id":2}')).toContain("'exec-oob' is unexpected")
  })
})

describe('one client at a time', () => {
  test('the next hears nothing until the first has left, and then begins anew', async () => {
    const first = connect()
    await first.ask(NEGOTIATE)
    await first.ask('{"half":')
    const second = connect({}, first.qemu)
    expect(await second.ask('{"execute":"query-status","id":1}')).toBe('')
    first.channel.destroy()
    const heard = await second.ask()
    expect(heard).toMatch(/^\{"QMP"/)
    expect(heard).toContain('Expecting capabilities negotiation')
  })

  test('dropClient() ends one, kill() all', async () => {
    const first = connect()
    const second = connect({}, first.qemu)
    const third = connect({}, first.qemu)
    await first.ask()
    first.qemu.dropClient()
    expect(await second.ask()).toMatch(/^\{"QMP"/)
    expect(first.channel.destroyed).toBe(true)
    first.qemu.kill()
    await settle()
    expect([second.channel.destroyed, third.channel.destroyed]).toEqual([true, true])
    const late = connect({}, first.qemu)
    expect(await late.ask()).toBe('')
    expect(late.channel.destroyed).toBe(true)
  })

  test('a monitor that another client holds never greets', async () => {
    const { ask } = connect({ greets: false })
    expect(await ask(NEGOTIATE)).toBe('')
  })
})
