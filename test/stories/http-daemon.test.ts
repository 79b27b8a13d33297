import { request } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { serve, type Daemon } from '../../examples/http-daemon/daemon.ts'
import { SimulatedAgent, SimulatedQemu } from '../../src/testing/index.ts'
import { testClock } from '../support/passing-clock.ts'

interface Answer {
  readonly status: number
  readonly type: string
  readonly text: string
}

/** A client of its own, without a pool of connections and its timers. */
function ask({ url }: Daemon, method: string, path: string, body?: object, headers = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asking = request(`${url}${path}`, { method, headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response
        resolve({ status, type: headers['content-type'] ?? '', text })
      })
    })
    asking.on('error', reject)
    asking.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

async function json(daemon: Daemon, method: string, path: string, body?: object): Promise<[number, unknown]> {
  const { status, text } = await ask(daemon, method, path, body)
  return [status, JSON.parse(text)]
}

/** The first so many events of a VM; `listening` resolves once nothing is missed any longer. */
function follow({ url }: Daemon, path: string, count: number) {
  let begun: () => void = () => undefined
  const listening = new Promise<void>((resolve) => (begun = resolve))
  const events = new Promise<unknown[]>((resolve, reject) => {
    const asking = request(`${url}${path}`, { agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        begun()
        text += chunk
        const heard = [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => JSON.parse(data) as unknown)
        if (heard.length < count) return
        resolve(heard)
        response.destroy()
      })
    })
    asking.on('error', reject)
    asking.end()
  })
  return { listening, events }
}

async function daemonOfTwo() {
  const clock = testClock()
  const vms = ['a', 'b'].map((name) => {
    const qemu = new SimulatedQemu({ kind: 'x86', bootVcpus: 2, maxcpus: 4 }, { clock })
    const agent = new SimulatedAgent(qemu.guest)
    return { name, qemu, options: { qmp: () => qemu.connect(), qga: () => agent.connect(), clock } }
  })
  const daemon = await serve(Object.fromEntries(vms.map(({ name, options }) => [name, options])))
  onTestFinished(() => daemon[Symbol.asyncDispose]())
  const [a, b] = vms.map(({ qemu }) => qemu)
  if (a === undefined || b === undefined) throw new Error('there are two')
  return { daemon, a, b }
}

test('each function has a route', async () => {
  const { daemon } = await daemonOfTwo()
  expect(await json(daemon, 'GET', '/vms')).toEqual([
    200,
    {
      vms: [
        { name: 'a', state: 'connected' },
        { name: 'b', state: 'connected' },
      ],
    },
  ])
  expect(await json(daemon, 'POST', '/vms/a/vcpus/3', { online: true, guest: true })).toMatchObject([
    200,
    { changed: '3', guest: { ids: '2' } },
  ])
  expect(await json(daemon, 'POST', '/vms/b/scale', { count: 3 })).toMatchObject([200, { changed: '2' }])
  expect(await json(daemon, 'GET', '/vms/a')).toMatchObject([200, { maps: { online: '0-1,3' } }])
  expect(await json(daemon, 'GET', '/vms/b')).toMatchObject([200, { maps: { online: '0-2' } }])
  expect(await ask(daemon, 'GET', '/')).toMatchObject({ status: 200, type: 'text/html; charset=utf-8' })
})

test('a failure has a status by which a client knows what to do', async () => {
  const { daemon, a } = await daemonOfTwo()
  const error = (code: string, outcome: string) => ({ error: { code, outcome } })
  expect(await json(daemon, 'POST', '/vms/a/vcpus/x', { online: true })).toMatchObject([
    400,
    error('ERR_CPU_ID', 'not-sent'),
  ])
  expect(await json(daemon, 'POST', '/vms/a/vcpus/0', { online: false })).toMatchObject([
    409,
    error('ERR_NOT_OFFLINABLE', 'not-sent'),
  ])
  a.guest.onUnplug = 'refuse'
  expect(await json(daemon, 'POST', '/vms/a/vcpus/1', { online: false })).toMatchObject([
    409,
    error('ERR_GUEST_REFUSED', 'rejected'),
  ])
  expect(await json(daemon, 'GET', '/vms/c')).toMatchObject([404, {}])
  expect(await json(daemon, 'PUT', '/vms/a')).toMatchObject([405, {}])
  expect(await json(daemon, 'GET', '/else')).toMatchObject([404, {}])
})

test('changes by anybody are heard, of that VM alone', async () => {
  const { daemon, a, b } = await daemonOfTwo()
  const { listening, events } = follow(daemon, '/vms/b/changes', 1)
  await listening
  expect(await json(daemon, 'POST', '/vms/a/vcpus/2', { online: true })).toMatchObject([200, {}])
  expect(await json(daemon, 'POST', '/vms/b/vcpus/3', { online: true })).toMatchObject([200, {}])
  expect(await events).toMatchObject([{ type: 'plugged', ids: '3' }])
  expect([a, b].map((qemu) => qemu.commands.filter(({ command }) => command === 'device_add').length)).toEqual([1, 1])
})

test('one stream has the changes of all VMs, with their names', async () => {
  const { daemon } = await daemonOfTwo()
  const { listening, events } = follow(daemon, '/changes', 2)
  await listening
  for (const name of ['b', 'a']) await json(daemon, 'POST', `/vms/${name}/vcpus/2`, { online: true })
  expect(await events).toMatchObject([
    { vm: 'b', type: 'plugged', ids: '2' },
    { vm: 'a', type: 'plugged', ids: '2' },
  ])
})

test('a page of another origin changes nothing', async () => {
  const { daemon, a } = await daemonOfTwo()
  const plug = (origin: string) => ask(daemon, 'POST', '/vms/a/vcpus/2', { online: true }, { origin })
  expect(await plug('http://elsewhere.example')).toMatchObject({ status: 403 })
  expect(a.pluggedVcpus).toEqual([0, 1])
  expect(await plug(daemon.url)).toMatchObject({ status: 200 })
})

test('a VM that is lost is not waited for', async () => {
  const { daemon, a } = await daemonOfTwo()
  const { listening, events } = follow(daemon, '/vms/a/changes', 1)
  await listening
  a.kill()
  expect(await events).toMatchObject([{ type: 'disconnected' }])
  expect(await json(daemon, 'GET', '/vms/a')).toMatchObject([503, { state: 'reconnecting', error: {} }])
})
