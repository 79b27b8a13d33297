// Is what a read says of the VM so, or was it at some moment while it was read?
import type { CpuMap, Plan, Vcpu, VcpuMaps } from '../../../src/index.ts'
import type { Operation } from '../plan/operation.ts'
import { textOf, type Exchange } from '../subject/exchange.ts'

/** What is false in the value of a read; `undefined` where nothing is. */
export function faultOfReading({ plugged, running, end }: Exchange, operation: Operation): string | undefined {
  if (end?.state !== 'done') return undefined
  const { value } = end
  switch (operation.op) {
    case 'getVcpuMap':
      if (operation.kind === 'online') return faultOfIds('plugged', value as CpuMap, plugged)
      return operation.kind === 'agent-online' ? faultOfIds('running', value as CpuMap, running) : undefined
    case 'getVcpuMaps': {
      const { online } = value as VcpuMaps
      return faultOfIds('plugged', online, plugged)
    }
    case 'vcpus':
      return faultOfIds(
        'plugged',
        (value as readonly Vcpu[]).filter(({ online }) => online).map(({ id }) => id),
        plugged,
      )
    case 'plan': {
      const { from } = value as Plan
      const counts = [...(operation.guest ? running : plugged)].map(sizeOf)
      return counts.includes(from) ? undefined : `it counts ${from}, and there were ${counts.join(' or ')}`
    }
    default:
      return undefined
  }
}

function faultOfIds(what: string, ids: Iterable<number>, seen: ReadonlySet<string>): string | undefined {
  const text = textOf(ids)
  return seen.has(text) ? undefined : `${what} is ${text}, and was ${[...seen].join(' or ')}`
}

function sizeOf(text: string): number {
  return text === '' ? 0 : text.split(',').length
}
