import { expect, test } from 'vitest'
import { failure, guestCpus, monitorOf, plugged, slot, timedVm } from './vm-kit.ts'

test('a daemon’s own executors reach both peers, beside the monitor’s one client', async () => {
  const setup = timedVm()
  const { clock, vm, run } = setup
  const monitor = await monitorOf(setup)
  const qmp = vm.qmpExecutor()
  const qga = vm.qgaExecutor()
  const heard: string[] = []
  void (async () => {
    for await (const { event } of qmp.events?.() ?? []) heard.push(event)
  })()
  expect(await run(qmp.execute('device_add', { ...slot(5), id: 'five' }))).toEqual({})
  await clock.advance(1_000)
  expect(await run(qga.execute('guest-set-vcpus', { vcpus: [{ 'logical-id': 2, online: true }] }))).toBe(1)
  expect(guestCpus(vm)).toContainEqual([5, 2, true])
  expect(await failure(run(qmp.execute('device_add', slot(5))))).toBe('GenericError: CPU[5] with APIC ID 5 exists')
  expect([heard, monitor.names()]).toEqual([['ACPI_DEVICE_OST'], ['ACPI_DEVICE_OST']])
})

test('one without events has none; one whose events end goes on with commands', async () => {
  const { vm, run, clock } = timedVm()
  expect(vm.qmpExecutor({ events: false })).not.toHaveProperty('events')
  const qmp = vm.qmpExecutor()
  const events = qmp.events?.()[Symbol.asyncIterator]()
  qmp.endEvents()
  expect(await events?.next()).toEqual({ done: true, value: undefined })
  expect(await run(qmp.execute('query-status'))).toEqual({ running: true, status: 'running' })
  await clock.advance(1)
})

test('bounds are kept in the VM’s time, unless it takes no notice of them', async () => {
  const { vm, run, clock } = timedVm({ timing: { monitor: [0, 0] } })
  const bounded = vm.qmpExecutor()
  const unbounded = vm.qmpExecutor({ isBounded: false })
  vm.faults = [{ at: { command: 'query-status' }, do: 'no-reply' }]
  await expect(run(bounded.execute('query-status', undefined, { timeoutMs: 700 }))).rejects.toMatchObject({
    code: 'ERR_TIMEOUT',
    outcome: 'unknown',
  })
  expect([clock.now(), clock.pending]).toEqual([700, 0])
  const abort = new AbortController()
  const aborted = bounded.execute('query-status', undefined, { signal: abort.signal, timeoutMs: 1_000 })
  abort.abort('enough')
  expect(await failure(run(aborted))).toBe('enough')
  expect(clock.pending).toBe(0)
  await expect(
    clock.run(unbounded.execute('query-status', undefined, { timeoutMs: 700, signal: abort.signal })),
  ).rejects.toMatchObject({ code: 'ERR_STALLED' })
})

test('it connects again when its connection ends; what was under way is lost', async () => {
  const { vm, run, clock } = timedVm({ timing: { monitor: [10, 10] } })
  const qmp = vm.qmpExecutor()
  await clock.advance(100)
  const lost = qmp.execute('device_add', { ...slot(5), id: 'five' })
  await clock.advance(5)
  vm.dropMonitor()
  expect(await failure(run(lost))).toMatchObject({ code: 'ERR_CONNECTION_LOST', outcome: 'unknown' })
  expect(await run(qmp.execute('query-status'))).toMatchObject({ running: true })
  // QEMU had taken it.
  expect(plugged(vm)).toEqual([0, 1, 5])
  vm.kill()
  expect(await failure(run(qmp.execute('query-status')))).toMatchObject({ code: 'ERR_CONNECTION_LOST' })
  expect(await failure(run(qmp.execute('query-status')))).toMatchObject({ code: 'ERR_CONNECT', outcome: 'not-sent' })
  vm.restart()
  expect(await run(qmp.execute('query-status'))).toMatchObject({ running: true })
})
