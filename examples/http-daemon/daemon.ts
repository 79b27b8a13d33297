// A small management daemon in plain node:http: a route for each function of several VMs, their changes as server-sent events, and
// one page that shows every VM's slots live and acts on a click. It has no login: bind it to loopback, or put one before it. Pages of
// others cannot use it: a browser names where a request comes from.
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Domain, VcpuError, type DomainOptions } from 'qemu-vcpu'

/** A daemon that listens. */
export interface Daemon extends AsyncDisposable {
  readonly url: string
}

/** The status of an error: whose turn it is next, by its class and outcome. */
function statusOf({ name, outcome }: VcpuError): number {
  if (name === 'InputError') return 400
  if (name === 'TimeoutError') return outcome === 'unknown' ? 504 : 503
  if (name === 'ConnectionError') return 503
  return outcome === 'rejected' || outcome === 'not-sent' ? 409 : 500
}

/** A status and what is sent as JSON; `undefined` where the response has been written. */
type Reply = readonly [status: number, document: object] | undefined

/** Serve these VMs, by name, on loopback. Each must be there by now; one that is lost later is dialled until it is back. */
export async function serve(vms: Readonly<Record<string, DomainOptions>>, port = 0): Promise<Daemon> {
  const domains = new Map<string, Domain>()
  const page = await readFile(new URL('page.html', import.meta.url))
  for (const [name, options] of Object.entries(vms)) {
    domains.set(name, await Domain.connect({ ...options, name, reconnect: 'eager' }))
  }
  const server = createServer((request, response) => {
    answer(domains, page, request, response)
      .catch((error: unknown): Reply => {
        // As JSON an error of the package keeps name, code, message, outcome and cause; any other is a defect of this daemon.
        return error instanceof VcpuError ? [statusOf(error), { error }] : [500, { error: { message: String(error) } }]
      })
      .then((reply) => {
        if (reply === undefined || response.headersSent) return response.end()
        const [status, document] = reply
        return response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(document))
      }, console.error)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...domains.values()].map((domain) => domain.close()))
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function answer(
  domains: ReadonlyMap<string, Domain>,
  page: Uint8Array,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Reply> {
  const { method = 'GET', url = '/' } = request
  const [, root = '', name = '', what = '', id = ''] = url.split('/').map(decodeURIComponent)
  if (root === '') {
    response.setHeader('Content-Type', 'text/html; charset=utf-8').write(page)
    return undefined
  }
  const { origin, host } = request.headers
  if (origin !== undefined && origin !== `http://${host ?? ''}`) return [403, { error: { message: 'another page' } }]
  if (root === 'changes') {
    await follow([...domains.values()], request, response)
    return undefined
  }
  if (root !== 'vms') return [404, { error: { message: `no ${root}` } }]
  if (name === '') {
    return [200, { vms: [...domains].map(([each, { state }]) => ({ name: each, state })) }]
  }
  const domain = domains.get(name)
  if (domain === undefined) return [404, { error: { message: `no VM ${name}` } }]
  switch (`${method} ${what}`) {
    case 'GET ':
      return await picture(domain)
    case 'GET changes':
      await follow([domain], request, response)
      return undefined
    case 'POST vcpus': {
      const { online, guest, wholeSlot } = await bodyOf(request)
      const options = { guest: guest === true, wholeSlot: wholeSlot === true }
      return [200, await domain.setVcpuState(Number(id), online === true, options)]
    }
    case 'POST scale': {
      const { count, guest } = await bodyOf(request)
      return [200, await domain.scale(Number(count), { guest: guest === true })]
    }
    default:
      return [405, { error: { message: `no ${method} ${what}` } }]
  }
}

/** All there is to see of a VM: what is lost is not waited for, and where the guest does not answer there is QEMU's side. */
async function picture(domain: Domain): Promise<Reply> {
  const { state, lostBy } = domain
  if (lostBy !== undefined)
    return [503, { state, error: lostBy instanceof VcpuError ? lostBy : { message: String(lostBy) } }]
  let guestError: unknown
  const [maps, vcpus] = await Promise.all([
    domain.getVcpuMaps(),
    domain.vcpus({ timeoutMs: 5_000, onGuestError: (error) => (guestError = error) }),
  ])
  return [200, { state, maps, vcpus, pending: [...domain.pendingRemovals()], guestError }]
}

/** Every change by anybody, and loss and return of the VMs, until the reader or the domains go. */
async function follow(domains: readonly Domain[], request: IncomingMessage, response: ServerResponse): Promise<void> {
  const streams = domains.map((domain) => ({ vm: domain.name, changes: domain.changes() }))
  request.once('close', () => {
    for (const { changes } of streams) void changes.return()
  })
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  response.write(': from now on\n\n')
  await Promise.all(
    streams.map(async ({ vm, changes }) => {
      for await (const change of changes) response.write(`data: ${JSON.stringify({ vm, ...change })}\n\n`)
    }),
  )
}

async function bodyOf(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk)
  const body: unknown = JSON.parse(text)
  return typeof body === 'object' && body !== null ? { ...body } : {}
}
