// The daemon of one host: a NATS micro service over the Domains of its VMs. NATS has no part in what a VM is or does: a request
// becomes one call of a Domain, and its result, or its error with code and outcome, becomes the reply.
import type { NatsConnection } from '@nats-io/nats-core'
import { Svcm, type Service, type ServiceMsg } from '@nats-io/services'
import { VcpuError, type Domain } from 'qemu-vcpu'
import {
  readScaleRequest,
  readVmRequest,
  SERVICE,
  subjectOf,
  type Endpoint,
  type ErrorDocument,
  type MapReply,
  type ScaleReply,
  type ScaleRequest,
} from './wire.ts'

/** Results that a host remembers, so that a request that comes again is not carried out again. */
const REMEMBERED = 10_000

/** What is sent for a request that this daemon, and not a Domain, refuses. */
class RequestError extends Error {
  readonly document: ErrorDocument

  constructor(document: ErrorDocument) {
    super(document.message)
    this.document = document
  }
}

/** Serve these VMs, by name, until the service is stopped. */
export async function serveHost(
  nats: NatsConnection,
  host: string,
  domains: ReadonlyMap<string, Domain>,
): Promise<Service> {
  const service = await new Svcm(nats).add({ name: SERVICE, version: '1.0.0', metadata: { host } })
  const once = new Once()

  const domainOf = (vm: string): Domain => {
    const domain = domains.get(vm)
    if (domain === undefined) throw refusal('ERR_NO_VM', `no VM ${JSON.stringify(vm)} on this host`)
    return domain
  }
  addEndpoint(service, host, 'map', async (request): Promise<MapReply> => {
    const { vm } = readVmRequest(request)
    return { online: String(await domainOf(vm).getVcpuMap()) }
  })
  addEndpoint(service, host, 'scale', (request): Promise<ScaleReply> => {
    const wanted = readScaleRequest(request)
    const domain = domainOf(wanted.vm)
    return once.run(wanted, async () => {
      const { changed, online } = await domain.scale(wanted.count, { guest: true, rollback: true })
      return { changed: String(changed), online }
    })
  })
  return service
}

/** Answer an endpoint's requests, each by itself: none waits for another. */
export function addEndpoint(
  service: Service,
  host: string,
  name: Endpoint,
  answer: (request: unknown) => Promise<object>,
): void {
  const respond = async (message: ServiceMsg): Promise<void> => {
    try {
      message.respond(JSON.stringify(await answer(message.json())))
    } catch (error) {
      const document = documentOf(error)
      message.respondError(statusOf(error), document.code, JSON.stringify(document))
    }
  }
  service.addEndpoint(name, {
    subject: subjectOf(host, name),
    handler: (error, message) => {
      if (error === null) respond(message).catch(console.error)
    },
  })
}

/** Carries each request id out once, also while it is under way. The memory ends with this process, and so does the promise. */
class Once {
  readonly #results = new Map<string, { readonly request: ScaleRequest; readonly result: Promise<ScaleReply> }>()

  run(request: ScaleRequest, carryOut: () => Promise<ScaleReply>): Promise<ScaleReply> {
    const known = this.#results.get(request.id)
    if (known !== undefined) {
      if (known.request.vm === request.vm && known.request.count === request.count) return known.result
      throw refusal('ERR_REQUEST_ID', `the id ${JSON.stringify(request.id)} was used for another change`)
    }
    const result = carryOut()
    this.#results.set(request.id, { request, result })
    const [oldest] = this.#results.keys()
    if (this.#results.size > REMEMBERED && oldest !== undefined) this.#results.delete(oldest)
    return result
  }
}

function refusal(code: string, message: string): RequestError {
  return new RequestError({ name: 'RequestError', code, message, outcome: 'not-sent' })
}

/** The number that the micro protocol wants beside each error: whose turn it is next. */
function statusOf(error: unknown): number {
  if (error instanceof RequestError || error instanceof TypeError || error instanceof SyntaxError) return 400
  return error instanceof VcpuError ? 409 : 500
}

function documentOf(error: unknown): ErrorDocument {
  if (error instanceof RequestError) return error.document
  // As JSON an error of the package keeps name, code, message, outcome and cause.
  if (error instanceof VcpuError) return { ...error.toJSON(), ...shortOf(error) }
  if (error instanceof TypeError || error instanceof SyntaxError) return refusal('ERR_REQUEST', error.message).document
  // A defect of this daemon: what became of the change is not known.
  return { name: 'Error', code: 'ERR_DAEMON', message: String(error), outcome: 'unknown' }
}

function shortOf({ name, code, message, outcome }: VcpuError): ErrorDocument {
  return { name, code, message, ...(outcome === undefined ? {} : { outcome }) }
}
