// What the hosts and their client say to each other: the subjects, the requests, and the two kinds of errors.
import type { Outcome } from 'qemu-vcpu'

/** The name of the micro service: each host runs one, and says in its metadata which host it is. */
export const SERVICE = 'qemu-vcpu-host'

/** `truth` is of simulated VMs alone: what is really plugged, whatever the host's Domain believes. */
export type Endpoint = 'map' | 'scale' | 'truth'

export function subjectOf(host: string, endpoint: Endpoint): string {
  return `vcpu.${host}.${endpoint}`
}

/** A request about one VM. */
export interface VmRequest {
  readonly vm: string
}

/** To plug or unplug until `count` vCPUs are plugged and run. */
export interface ScaleRequest extends VmRequest {
  readonly count: number
  /** Made once for each change that is wanted: a host carries out an id once, and answers the same to each request with it. */
  readonly id: string
}

export interface MapReply {
  /** As a CpuMap writes itself, such as `0-1,5`. */
  readonly online: string
}

export interface ScaleReply {
  readonly changed: string
  readonly online: number
}

export interface TruthReply {
  readonly online: string
  /** How many `device_add` the VM has received. */
  readonly plugs: number
}

export interface Replies {
  readonly map: MapReply
  readonly scale: ScaleReply
  readonly truth: TruthReply
}

/** An error as it is sent: of a VcpuError its toJSON(). */
export interface ErrorDocument {
  readonly name: string
  readonly code: string
  readonly message: string
  readonly outcome?: Outcome
}

/** The host answered that its Domain, or the VM, or the guest did not do it. */
export class HostError extends Error {
  override readonly name = 'HostError'
  readonly host: string
  readonly document: ErrorDocument
  readonly code: string
  readonly outcome: Outcome | undefined

  constructor(host: string, document: ErrorDocument) {
    super(`${host}: ${document.message}`)
    this.host = host
    this.document = document
    this.code = document.code
    this.outcome = document.outcome
  }
}

/** Why there is no answer of the host's. */
export type TransportCode = 'ERR_NO_HOST' | 'ERR_HOST_GONE' | 'ERR_HOST_SILENT' | 'ERR_NO_ANSWER' | 'ERR_NATS'

/**
 * There is no answer of the host's. `not-sent`: NATS knew no subscriber, so that no host has the request. `unknown`: a host may have
 * carried it out, in whole or in part, and nothing here sends it again.
 */
export class TransportError extends Error {
  override readonly name = 'TransportError'
  readonly code: TransportCode
  readonly host: string
  readonly outcome: 'not-sent' | 'unknown'

  constructor(
    code: TransportCode,
    host: string,
    outcome: TransportError['outcome'],
    why: string,
    options?: ErrorOptions,
  ) {
    super(`${host}: ${why}`, options)
    this.code = code
    this.host = host
    this.outcome = outcome
  }
}

/** @throws TypeError for what is not a request about a VM */
export function readVmRequest(value: unknown): VmRequest {
  const vm = fieldOf(value, 'vm')
  if (typeof vm !== 'string') throw new TypeError('expected a request with vm')
  return { vm }
}

/** @throws TypeError for what is not a request to scale one */
export function readScaleRequest(value: unknown): ScaleRequest {
  const [count, id] = [fieldOf(value, 'count'), fieldOf(value, 'id')]
  if (typeof count !== 'number' || typeof id !== 'string' || id === '') {
    throw new TypeError('expected a request with vm, count and id')
  }
  return { ...readVmRequest(value), count, id }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined
}
