import { Q35 } from '../machines.ts'
import { command, NEGOTIATE, NEGOTIATE_OOB, session, type Sequence, type SequenceGroup } from '../sequence.ts'

const STATUS = command('query-status')
const id = (text: string): string => `{"execute":"query-status","id":${text}}`

/** Lines that are answered one by one; after each the monitor must be well again. */
const LINES: Readonly<Record<string, string>> = {
  'an unknown member': '{"execute":"query-status","id":1,"force":true}',
  'an unknown member before the command': '{"zeta":1,"execute":"query-status"}',
  'two unknown members': '{"execute":"query-status","zeta":1,"alpha":2}',
  'the old way out of band': '{"execute":"query-status","control":{"run-oob":true}}',
  'arguments that are null': '{"execute":"query-status","arguments":null}',
  'arguments that are a list': '{"execute":"query-status","arguments":[]}',
  'arguments that are a text, with an id': '{"execute":"query-status","id":"x","arguments":"x"}',
  'an argument too many': '{"execute":"query-status","arguments":{"force":true}}',
  'execute and exec-oob': '{"execute":"query-status","exec-oob":"query-status"}',
  'a command that is a number': '{"execute":12}',
  'a command that is null': '{"execute":null}',
  'an unknown command': '{"execute":"nonsense","id":1}',
  'no command': '{"id":5}',
  'an empty object': '{}',
  'a list': '[1]',
  'a number': '12',
  'a text': '"x"',
  null: 'null',
  'a word': 'nonsense',
  'capital letters': 'Abc',
  'a percent sign': '%p',
  'a duplicate command': '{"execute":"query-status","execute":"query-name"}',
  'a duplicate id': '{"execute":"query-status","id":1,"id":2}',
  'a duplicate key deep inside': id('[{"a":1,"a":2},3]'),
  'single quotes': "{'execute':'query-status','id':'it'}",
  'single quotes around double ones': id(`'a"b'`),
  'a comma too many': '{"execute":"query-status",}',
  'a colon too few': '{"execute" "query-status"}',
  'a comma too few': '{"execute":"query-status" "id":1}',
  'a key without quotes': '{execute:"query-status"}',
  'a number as key': '{1:2}',
  'a value too few': '{"execute":}',
  'a closed list that was none': '{"a":1]',
  'an object inside a list, badly closed': '{"a":[1,{"b":2]}}',
  'a list that is not closed': '[1 2]',
  'a brace too many': '}',
  'a word after the command': '{"execute":"query-status"} trailing',
  'two commands in a line': '{"execute":"query-status"}{"execute":"query-name"}',
  'a comma between commands': '{"execute":"query-status"},{"execute":"query-status"}',
  'an open string': '"abc',
  'a minus': '-',
  'a point without digits': '1.',
  'an exponent without digits': '1.5e',
  'a half command, thrown away by 0xFF': '{"execute":"query-status"\xff',
  'ids with a blank': id('"a b"'),
  'ids with an umlaut': id('"\xc3\xbc"'),
  'ids of null': id('null'),
  'ids that are objects': id('{"a":[1,2.5,true]}'),
  'ids that are fractions': id('1.5'),
  'ids with an exponent': id('1e3'),
  'ids too large for an integer': id('12345678901234567890123'),
  'ids with escapes': id('"\\u00e9\\u0001\\n\\/"'),
  'ids with a surrogate pair': id('"\\ud83d\\ude00"'),
  'ids with half a surrogate pair': id('"\\ud83d"'),
  'ids with a wrong escape': id('"\\x"'),
  'ids with a wrong hex escape': id('"\\u00g0"'),
  'ids with a tab': id('"a\tb"'),
  'ids with a leading zero': id('01'),
  'ids with a wrong word': id('tru'),
  'ids 1,000 levels deep': id(`${'['.repeat(1_000)}${']'.repeat(1_000)}`),
  'ids 1,024 levels deep': id(`${'['.repeat(1_024)}${']'.repeat(1_024)}`),
  'a list 1,030 levels deep': `${'['.repeat(1_030)}${']'.repeat(1_030)}`,
}

const oob = (name: string, line: string): Sequence => ({ name, steps: [NEGOTIATE_OOB, line, STATUS] })

const sequences: readonly Sequence[] = [
  ...Object.entries(LINES).map(([name, line]) => session(name, line, STATUS)),
  { name: 'a command before negotiation', steps: [command('query-status', undefined, { id: 1 }), NEGOTIATE, STATUS] },
  { name: 'negotiation twice', steps: [NEGOTIATE, NEGOTIATE, STATUS] },
  {
    name: 'capabilities of the wrong kind',
    steps: [
      command('qmp_capabilities', { enable: ['foo'] }),
      command('qmp_capabilities', { enable: 'oob' }),
      command('qmp_capabilities', { enable: [7] }),
      command('qmp_capabilities', { odd: 1 }),
      NEGOTIATE,
    ],
  },
  session('out of band, not negotiated', '{"exec-oob":"query-status","id":1}', '{"exec-oob":"nonsense"}'),
  oob('out of band, of a command that cannot', '{"exec-oob":"query-status","id":1}'),
  oob('out of band, of a command that is not there', '{"exec-oob":"nonsense","id":1}'),
  oob('out of band, of a number', '{"exec-oob":7,"id":1}'),
  oob('both ways at once', '{"execute":"query-status","exec-oob":"query-yank"}'),
]

/** How a monitor takes what is not as it should be. Nothing of it changes the machine. */
export const protocol: SequenceGroup = { name: 'the monitor', machine: Q35, isFresh: false, sequences }
