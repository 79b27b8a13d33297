import fc from 'fast-check'
import { foreignId, garbage, hostileText, node, place, put } from './hostile.ts'
import type { LinkFault, Mishap, Trigger } from './fault.ts'

const ms = fc.constantFrom(1, 8, 60, 400, 3_000, 20_000)
const count = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 4 }) },
  { weight: 1, arbitrary: fc.constantFrom(40, 300) },
)
const bytes = fc.oneof(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 400 }))
const pieces = fc.constantFrom(1, 2, 7, 64)

/** What QEMU says of a line that it could not parse. */
const parserError = hostileText.map((text) => `JSON parse error, ${text}`)

function kind<K extends Mishap['kind']>(name: K): fc.Arbitrary<K> {
  return fc.constant(name)
}

/** Events of what is none of the VM's vCPUs, and of nothing at all. */
const noise = fc.constantFrom(
  'ACPI_DEVICE_OST',
  'DEVICE_DELETED',
  'DEVICE_UNPLUG_GUEST_ERROR',
  'VSERPORT_CHANGE',
  'BLOCK_JOB_READY',
  'MEM_UNPLUG_ERROR',
  '\u001b[2J\u202e',
  '__proto__',
)

/** What goes wrong on the way, with a peer that says nothing false. */
const honest: fc.Arbitrary<Mishap> = fc.oneof(
  fc.record({ kind: kind('hang') }),
  fc.record({ kind: kind('deaf') }),
  fc.record({ kind: kind('cut-off') }),
  fc.record({ kind: kind('drop'), afterBytes: bytes }),
  fc.record({ kind: kind('half-close') }),
  fc.record({ kind: kind('split'), bytes: pieces }),
  fc.record({ kind: kind('drip'), bytes: fc.constantFrom(16, 64, 200), ms: fc.constantFrom(1, 20, 300) }),
  fc.record({ kind: kind('slow'), ms }),
  fc.record({ kind: kind('late'), ms }),
  fc.record({ kind: kind('swallow') }),
  fc.record({ kind: kind('twice'), ms: fc.constantFrom(0, 5, 400) }),
  fc.record({ kind: kind('garbage'), place, bytes: garbage }),
  fc.record({
    kind: kind('flood'),
    place,
    line: fc.constantFrom('', '{"foo":1}', '{"event":"X","data":{}}', 'x'.repeat(200)),
    lines: fc.constantFrom(1, 30, 2_000),
  }),
  fc.record({ kind: kind('events'), place, event: noise, count }),
  fc.record({ kind: kind('idless'), place, count, desc: parserError }),
  fc.record({ kind: kind('wrong-id'), id: foreignId }),
  fc.record({ kind: kind('words'), text: hostileText }),
)

const lying: fc.Arbitrary<Mishap> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: kind('idless'), place, count, desc: hostileText }) },
  { weight: 4, arbitrary: fc.record({ kind: kind('edit'), at: node, put }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('remove'), at: node }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('repeat'), at: node, times: fc.constantFrom(1, 2, 50, 5_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('double-key'), at: node, put }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('taint'), text: hostileText }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('taint-keys'), at: node, text: hostileText }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('refuse'), desc: hostileText }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('accept'), put }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: kind('false-event'),
      event: fc.constantFrom(
        'ACPI_DEVICE_OST',
        'DEVICE_DELETED',
        'DEVICE_UNPLUG_GUEST_ERROR',
        'RESET',
        'SHUTDOWN',
        'STOP',
      ),
      vcpu: fc.nat({ max: 15 }),
      status: fc.constantFrom(0, 1, 132, -1),
    }),
  },
)

const monitorCommands = [
  'qmp_capabilities',
  'query-cpus-fast',
  'query-hotpluggable-cpus',
  'device_add',
  'device_del',
  'query-status',
  'qom-get',
  'query-version',
]
const agentCommands = [
  'guest-sync-delimited',
  'guest-get-vcpus',
  'guest-set-vcpus',
  'guest-file-open',
  'guest-file-read',
  'guest-file-close',
  'guest-info',
  'guest-get-osinfo',
]

const nth = fc.oneof(
  { weight: 6, arbitrary: fc.constant(1) },
  { weight: 2, arbitrary: fc.integer({ min: 2, max: 4 }) },
  { weight: 1, arbitrary: fc.constant(0) },
)

function triggerOf(commands: readonly string[]): fc.Arbitrary<Trigger> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.record({ on: fc.constantFrom(...commands), nth }) },
    { weight: 3, arbitrary: fc.record({ on: fc.constant('any'), nth: fc.integer({ min: 1, max: 16 }) }) },
    { weight: 1, arbitrary: fc.record({ on: fc.constantFrom('event', 'greeting', 'any'), nth }) },
  )
}

const triggers = { qmp: triggerOf(monitorCommands), qga: triggerOf(agentCommands) }

function faultsOf(link: LinkFault['link'], mishap: fc.Arbitrary<Mishap>): fc.Arbitrary<LinkFault> {
  return fc.record({ link: fc.constant(link), at: triggers[link], mishap })
}

/** Up to four things that go wrong on these connections; of half the plans none is a lie. */
export function linkFaults(...links: readonly LinkFault['link'][]): fc.Arbitrary<readonly LinkFault[]> {
  const any = (what: fc.Arbitrary<Mishap>): fc.Arbitrary<LinkFault> =>
    fc.oneof(...links.map((link) => faultsOf(link, what)))
  return fc.oneof(
    fc.array(any(honest), { minLength: 1, maxLength: 4 }),
    fc.array(any(fc.oneof(honest, lying, lying)), { minLength: 1, maxLength: 4 }),
  )
}
