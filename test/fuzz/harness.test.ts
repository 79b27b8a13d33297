// The harness itself: what is right passes, and each thing that is wrong is noticed.
import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import type { CliIo } from '../../src/cli/io.ts'
import { runCli } from '../../src/cli/main.ts'
import { clientPlan, commandPlan, domainPlan, PLAINLY, watchPlan } from './plan/plain.ts'
import type { DomainPlan, Plan } from './plan/plan.ts'
import { Campaign } from './run/campaign.ts'
import { ProcessWatch } from './run/process-watch.ts'
import { runClient } from './run/run-client.ts'
import { runCommands } from './run/run-command.ts'
import { runDomain, type Connect } from './run/run-domain.ts'
import { runWatch } from './run/run-watch.ts'
import * as wrong from './wrong-domains.ts'

const read = domainPlan([{ op: 'getVcpuMap', kind: 'online' }])
const plug = domainPlan([{ op: 'setVcpuState', id: 3, online: true, how: PLAINLY }])
/** The plug is carried out, and its answer is lost. */
const unanswered = { link: 'qmp', at: { on: 'device_add', nth: 1 }, mishap: { kind: 'hang' } } as const
const plugInDoubt: DomainPlan = { ...plug, faults: [unanswered] }

const cases: readonly (readonly [name: string, plan: DomainPlan, connect: Connect, says: RegExp])[] = [
  ['settles twice', plug, wrong.settlesTwice, /setVcpuState: it settled 2 times/],
  ['is not-sent, and was sent', plugInDoubt, wrong.claims('not-sent'), /it is not-sent, and sent device_add/],
  ['is rejected, and was done', plugInDoubt, wrong.claims('rejected'), /outcome rejected: vcpu3-\w+ is plugged/],
  ['is done, and never was', plug, wrong.claimsDone, /it resolved, and its slot was never so/],
  ['sees a vCPU too many', read, wrong.seesTooMuch, /plugged is 0,1,7, and was 0,1/],
  ['never ends', read, wrong.neverEnds, /getVcpuMap does not settle/],
  ['ends late', read, wrong.endsLate, /it took 300\d ms, at most 2000/],
  ['leaves a timer', read, wrong.leavesTimer, /1 timers are left/],
  ['leaves a listener', read, wrong.leavesListener, /1 listeners are left at the signal of getVcpuMap/],
  ['does not close', read, wrong.neverCloses, /closed, the domain is connected/],
  ['quotes raw text', read, wrong.quotesRaw, /U\+202e in its message/],
  ['quotes raw text in a cause', read, wrong.quotesRawInCause, /the cause 1 of its Error has U\+001b/],
  ['throws what is not the package’s', read, wrong.throwsAnything, /TypeError: x is undefined/],
  ['asks without end', read, wrong.asksMuch, /3\d{3} commands were sent in/],
  ['plugs a device twice', plug, wrong.plugsTwice, /device_add of "again" was sent twice/],
]

test.each(cases)('a domain that %s is noticed', async (_, plan, connect, says) => {
  expect((await runDomain(plan)).faults).toEqual([])
  expect((await runDomain(plan, connect)).faults.join('\n')).toMatch(says)
})

test('what a peer lies about is not held against the subject', async () => {
  const lie = { kind: 'edit', at: { kind: 'number', node: 0 }, put: { raw: '5' } } as const
  const plan: DomainPlan = { ...read, faults: [{ link: 'qmp', at: { on: 'query-cpus-fast', nth: 1 }, mishap: lie }] }
  expect(await runDomain(plan)).toMatchObject({ faults: [] })
  expect((await runDomain(plan, wrong.throwsAnything)).faults).not.toEqual([])
})

const commands: readonly (readonly [name: string, main: typeof runCli, says: RegExp])[] = [
  [
    'prints twice',
    async (argv, io) => {
      io.stdout('{}\n')
      return runCli(argv, io)
    },
    /its stdout is not one document/,
  ],
  ['exits wrongly', async (argv, io) => 1 + (await runCli(argv, io)), /exit code 1, and (stderr says ""|no error)/],
  [
    'prints raw text',
    (argv, io) =>
      runCli(argv, {
        ...io,
        stderr: () => undefined,
        stdout: (text) => {
          io.stdout(`${text.trim()}\u202e\n`)
        },
      }),
    /stdout has U\+202e/,
  ],
  ['rejects', () => Promise.reject(new Error('oops')), /it rejected with Error: oops/],
]

const watching = watchPlan(['gll', 'p', 'y'])

const watches: readonly (readonly [name: string, main: typeof runCli, says: RegExp])[] = [
  [
    'carries out what was not confirmed',
    // Its n is a y.
    (argv, io) =>
      runCli(
        argv,
        withKeys(io, (input) => input.replace('n', 'y')),
      ),
    /device_add .* was sent; confirmed were: $/m,
  ],
  [
    'prints what is foreign',
    (argv, io) =>
      runCli(argv, {
        ...io,
        stdout: (text) => {
          io.stdout(`${text}\u001b]0;x`)
        },
      }),
    /not one column wide/,
  ],
  [
    'keeps the terminal',
    (argv, io) =>
      runCli(argv, {
        ...io,
        holdTerminal: (hold) => ({ isHeld: () => true, release: () => void io.holdTerminal?.(hold) }),
      }),
    /the terminal was not released/,
  ],
  ['never ends', () => new Promise(() => undefined), /watch keys does not settle/],
  ['rejects', () => Promise.reject(new Error('oops')), /it rejected with Error: oops/],
]

/** The command of another person: each read is changed on its way. */
function withKeys(io: CliIo, change: (input: string) => string): CliIo {
  const { holdTerminal } = io
  if (holdTerminal === undefined) return io
  return {
    ...io,
    holdTerminal: (hold) =>
      holdTerminal({
        ...hold,
        onInput: (input) => {
          hold.onInput(change(input))
        },
      }),
  }
}

test.each(watches)('a watch that %s is noticed', async (_, main, says) => {
  expect((await runWatch(watching)).faults).toEqual([])
  const refusing = watchPlan(['gll', 'p', 'n'])
  expect((await runWatch(refusing)).faults).toEqual([])
  expect((await runWatch(refusing, main)).faults.join('\n')).toMatch(says)
})

test.each(commands)('a command that %s is noticed', async (_, main, says) => {
  const plan = commandPlan(['set', '3', 'on'])
  expect((await runCommands(plan)).faults).toEqual([])
  expect((await runCommands(plan, main)).faults.join('\n')).toMatch(says)
})

test('a command applies the layout that it is given', async () => {
  let printed = ''
  const listening = (argv: readonly string[], io: CliIo): ReturnType<typeof runCli> =>
    runCli(argv, {
      ...io,
      stdout: (text) => {
        printed += text
        io.stdout(text)
      },
    })
  const plan = (layout: number | string) => commandPlan(['export', '--apply'], { layout, json: false })
  expect((await runCommands(plan(3), listening)).faults).toEqual([])
  expect(printed).toBe('plugged vCPU 3; 3 vCPUs are plugged now\n')
  printed = ''
  expect((await runCommands(plan('no layout'), listening)).faults).toEqual([])
  expect(printed).toBe('')
})

test('a client is asked, and what goes wrong is counted', async () => {
  const { tallies, faults } = await runClient(clientPlan('monitor', ['query-status'], [unanswered]))
  expect(faults).toEqual([])
  expect(tallies).toEqual([
    { operation: 'connect', ending: 'done', mishaps: [], isLiedTo: false },
    { operation: 'execute query-status', ending: 'done', mishaps: [], isLiedTo: false },
    { operation: 'close', ending: 'done', mishaps: [], isLiedTo: false },
  ])
  const lost = await runClient(
    clientPlan(
      'agent',
      ['guest-ping'],
      [{ link: 'qga', at: { on: 'guest-ping', nth: 1 }, mishap: { kind: 'swallow' } }],
    ),
  )
  expect(lost.tallies[1]).toEqual({
    operation: 'execute guest-ping',
    ending: 'ERR_TIMEOUT',
    mishaps: ['swallow'],
    isLiedTo: false,
  })
})

test('what is unhandled in the process is heard', () => {
  const events = new EventEmitter()
  const watch = new ProcessWatch(events)
  events.emit('unhandledRejection', new Error('first'))
  events.emit('warning', new Error('second'))
  events.emit('uncaughtException', 'third')
  expect(watch.take().map((heard) => heard.split('\n')[0])).toEqual([
    'unhandledRejection: Error: first',
    'warning: Error: second',
    'uncaughtException: "third"',
  ])
  expect(watch.take()).toEqual([])
  watch.end()
  expect(events.eventNames()).toEqual([])
})

test('a plan that fails is made smaller, and its seed and path find it again', async () => {
  const run = (plan: Plan) => runDomain(plan as DomainPlan, wrong.claims('rejected'))
  const campaign = new Campaign(run)
  const batch = { subject: 'domain', seed: 5, plans: 2_000 } as const
  const failure = await campaign.run(batch)
  expect(failure?.faults[0]).toMatch(/outcome rejected/)
  expect((failure?.plan as DomainPlan).steps.length).toBeLessThanOrEqual(2)
  const again = await campaign.run({ ...batch, path: failure?.path })
  campaign.end()
  expect(again?.plan).toEqual(failure?.plan)
})
