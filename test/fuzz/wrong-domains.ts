// Domains that are wrong on purpose: the harness must say so.
import {
  CpuMap,
  Domain,
  TimeoutError,
  VcpuError,
  restate,
  type DomainOptions,
  type VcpuChange,
} from '../../src/index.ts'
import type { Connect } from './run/run-domain.ts'
import type { DomainUnderTest } from './subject/perform.ts'

type Wrong = (domain: Domain, options: DomainOptions) => Partial<DomainUnderTest>

/** A domain some of whose members are others. */
function wrong(make: Wrong): Connect {
  return async (options) => {
    const domain = await Domain.connect(options)
    const others = make(domain, options)
    return new Proxy(domain, {
      get: (target, name) => {
        const value: unknown = Reflect.get(Object.hasOwn(others, name) ? others : target, name)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
  }
}

/** It settles a change a second time. */
export const settlesTwice = wrong((domain) => ({
  setVcpuState: (...args) => {
    const change = domain.setVcpuState(...args)
    return Object.assign(change, {
      then: (done?: ((value: VcpuChange) => unknown) | null, failed?: ((error: unknown) => unknown) | null) => {
        const twice = (value: VcpuChange): void => {
          void done?.(value)
          void done?.(value)
        }
        return Promise.prototype.then.call(change, twice, failed)
      },
    })
  },
}))

/** A change of which nobody knows the outcome is `outcome`. */
export const claims = (outcome: 'not-sent' | 'rejected'): Connect =>
  wrong((domain) => ({
    setVcpuState: (...args) =>
      domain.setVcpuState(...args).catch((error: unknown) => {
        throw error instanceof VcpuError && error.outcome === 'unknown' ? restate(error, outcome) : error
      }),
  }))

/** It says that a change is done, and did nothing. */
export const claimsDone = wrong(() => ({
  setVcpuState: (id, online) =>
    Promise.resolve({
      changed: CpuMap.of(id),
      outcome: 'done',
      id,
      online,
      slot: CpuMap.of(id),
      deviceId: 'cpu',
      guest: null,
      hostThreadId: null,
      hostThreadIds: [],
      steps: [],
    }),
}))

/** Its maps have a vCPU too many. */
export const seesTooMuch = wrong((domain) => ({
  getVcpuMap: async (...args) => (await domain.getVcpuMap(...args)).union(CpuMap.of(7)),
}))

/** Its reads never end. */
export const neverEnds = wrong(() => ({ getVcpuMap: () => new Promise(() => undefined) }))

/** Its reads take longer than they may. */
export const endsLate = wrong((domain, { clock }) => ({
  getVcpuMap: (kind, options) =>
    new Promise((resolve, reject) => {
      clock?.after(3_000, () => {
        domain.getVcpuMap(kind, options).then(resolve, reject)
      })
    }),
}))

/** Each read asks thousands of times. */
export const asksMuch = wrong((domain) => ({
  getVcpuMap: async (...args) => {
    for (let time = 0; time < 1_600; time++) await domain.getVcpuMaps()
    return domain.getVcpuMap(...args)
  },
}))

/** Each read leaves a timer. */
export const leavesTimer = wrong((domain, { clock }) => ({
  getVcpuMap: (...args) => {
    clock?.after(1_000_000, () => undefined)
    return domain.getVcpuMap(...args)
  },
}))

/** Each read leaves a listener at its signal. */
export const leavesListener = wrong((domain) => ({
  getVcpuMap: (kind, options) => {
    options?.signal?.addEventListener('abort', () => undefined)
    return domain.getVcpuMap(kind, options)
  },
}))

/** It closes nothing. */
export const neverCloses = wrong(() => ({ close: () => Promise.resolve() }))

/** Its errors have the peer's characters in them. */
export const quotesRaw = wrong(() => ({
  getVcpuMap: () => {
    const error = new TimeoutError('no answer')
    Object.defineProperty(error, 'message', { value: 'no answer: \u202e' })
    return Promise.reject(error)
  },
}))

/** So has the cause of its errors. */
export const quotesRawInCause = wrong(() => ({
  getVcpuMap: () => Promise.reject(new TimeoutError('no answer', { cause: new Error('\u001b[2J') })),
}))

/** Its errors are not the package's. */
export const throwsAnything = wrong(() => ({ getVcpuMap: () => Promise.reject(new TypeError('x is undefined')) }))

/** It plugs the same device twice. */
export const plugsTwice = wrong((domain) => ({
  setVcpuState: async (id, online, options) => {
    const named = { ...options, deviceId: 'again' }
    await domain.setVcpuState(id, true, named)
    await domain.setVcpuState(id, false, options)
    return domain.setVcpuState(id, online, named)
  },
}))
