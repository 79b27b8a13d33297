// The examples of telemetry, over simulated VMs: what a collector gets of two VMs, one of which rejects.
import { SpanStatusCode } from '@opentelemetry/api'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base'
import { Registry } from 'prom-client'
import { expect, onTestFinished, test } from 'vitest'
import { traceVms } from '../../examples/opentelemetry.ts'
import { measureVms } from '../../examples/prometheus.ts'
import {
  CHANGE_CHANNEL,
  COMMAND_CHANNEL,
  Domain,
  EVENT_CHANNEL,
  LIMIT_CHANNEL,
  STATE_CHANNEL,
} from '../../src/index.ts'
import { SimulatedVm, VirtualClock, type SimulatedVmOptions } from '../../src/testing/index.ts'
import { watchedChannels } from '../support/watch-channels.ts'

const ALL = [COMMAND_CHANNEL, CHANGE_CHANNEL, EVENT_CHANNEL, STATE_CHANNEL, LIMIT_CHANNEL]

async function domainAt(clock: VirtualClock, name: string, options: Partial<SimulatedVmOptions> = {}) {
  const vm = new SimulatedVm({ machine: { kind: 'x86', bootVcpus: 2, maxcpus: 8 }, clock, ...options })
  const domain = await clock.run(Domain.connect({ qmp: vm.qmp, qga: vm.qga, clock, name }))
  onTestFinished(() => domain.close())
  return { vm, domain }
}

/** Two VMs: one takes a vCPU and is scaled, the other's QEMU rejects it. */
async function twoVms(clock: VirtualClock) {
  const good = await domainAt(clock, 'good')
  const bad = await domainAt(clock, 'bad', {
    faults: [{ at: { command: 'device_add' }, do: 'error', desc: 'no room' }],
  })
  const [plugged, rejected] = await clock.run(
    Promise.allSettled([good.domain.setVcpuState(5, true, { guest: true }), bad.domain.setVcpuState(5, true)]),
  )
  expect([plugged.status, rejected.status]).toEqual(['fulfilled', 'rejected'])
  return { good, bad }
}

function start() {
  const exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  const stop = traceVms(provider.getTracer('test'))
  onTestFinished(stop)
  const spans = async (): Promise<readonly ReadableSpan[]> => {
    await provider.forceFlush()
    return exporter.getFinishedSpans()
  }
  return { stop, spans }
}

const idOf = (span: ReadableSpan | undefined): string | undefined => span?.spanContext().spanId
const parentOf = (span: ReadableSpan | undefined): string | undefined => span?.parentSpanContext?.spanId

test('a change is a span, with its commands below it, and a rejected one is an error with outcome and code', async () => {
  const clock = new VirtualClock()
  const { spans } = start()
  await twoVms(clock)
  const all = await spans()
  const spanOf = (name: string, vm: string) =>
    all.filter((span) => span.name === name && span.attributes['vm.name'] === vm)
  const [good, ...otherGood] = spanOf('vcpu plug', 'good')
  const [bad, ...otherBad] = spanOf('vcpu plug', 'bad')
  expect([...otherGood, ...otherBad]).toEqual([])
  expect(good).toMatchObject({
    attributes: { 'vm.name': 'good', 'vcpu.id': 5, 'vcpu.outcome': 'done', 'vcpu.changed': '5' },
    status: { code: SpanStatusCode.UNSET },
  })
  expect(good?.events.map(({ name }) => name)).toEqual(expect.arrayContaining(['device_add', 'online-in-guest']))
  expect(bad).toMatchObject({
    attributes: { 'vm.name': 'bad', 'vcpu.outcome': 'rejected', 'error.type': 'ERR_COMMAND' },
    status: { code: SpanStatusCode.ERROR, message: expect.stringContaining('no room') as unknown },
  })
  // Both were under way at once: each command is below the change of its own VM.
  expect(spanOf('qmp device_add', 'good').map(parentOf)).toEqual([idOf(good)])
  expect(spanOf('qmp device_add', 'bad').map(parentOf)).toEqual([idOf(bad)])
  expect(spanOf('qga guest-set-vcpus', 'good').map(parentOf)).toEqual([idOf(good)])
  expect(spanOf('qmp device_add', 'bad')[0]?.status.code).toBe(SpanStatusCode.ERROR)
})

test('the changes of a run are below it', async () => {
  const clock = new VirtualClock()
  const { domain } = await domainAt(clock, 'vm1')
  const { spans } = start()
  await clock.run(Promise.resolve(domain.scale(4)))
  const all = await spans()
  const run = all.find(({ name }) => name === 'vcpu scale')
  const plugs = all.filter(({ name }) => name === 'vcpu plug')
  expect(plugs.map(parentOf)).toEqual([idOf(run), idOf(run)])
  expect(all.filter(({ name }) => name === 'qmp device_add').map(parentOf)).toEqual(plugs.map(idOf))
  expect(parentOf(run)).toBeUndefined()
})

test('metrics tell two VMs apart, and a closed one has no state', async () => {
  const clock = new VirtualClock()
  const register = new Registry()
  const stop = measureVms(register, () => clock.now())
  onTestFinished(stop)
  const { good, bad } = await twoVms(clock)
  good.vm.kill()
  await clock.advance(1)
  await bad.domain.close()
  const text = await register.metrics()
  const lines = text.split('\n').filter((line) => !line.startsWith('#'))
  expect(lines).toContain('qemu_vcpu_changes_total{vm="good",change="plug",outcome="done",code=""} 1')
  expect(lines).toContain('qemu_vcpu_changes_total{vm="bad",change="plug",outcome="rejected",code="ERR_COMMAND"} 1')
  expect(lines).toContain('qemu_vcpu_connected{vm="good"} 0')
  expect(text).not.toContain('qemu_vcpu_connected{vm="bad"}')
  expect(lines).toContain('qemu_vcpu_events_total{vm="good",event="ACPI_DEVICE_OST"} 1')
  expect(lines).toContain('qemu_vcpu_command_seconds_count{vm="good",peer="qmp",command="device_add",failed="false"} 1')
  expect(lines).toContain('qemu_vcpu_command_seconds_count{vm="bad",peer="qmp",command="device_add",failed="true"} 1')
})

test('what stops leaves no subscriber behind', () => {
  const stops = [start().stop, measureVms(new Registry())]
  expect(watchedChannels(ALL).length).toBeGreaterThan(5)
  for (const stop of stops) stop()
  expect(watchedChannels(ALL)).toEqual([])
})
