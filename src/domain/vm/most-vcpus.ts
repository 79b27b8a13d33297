import type { VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { ProtocolError } from '../../errors/peer-errors.ts'
import type { QgaExecutor } from '../../qga/executor.ts'

/**
 * Refuse a machine with more vCPU ids than the limit.
 *
 * @throws {@link ProtocolError} `ERR_TOO_MANY_VCPUS`
 */
export function requireFewVcpus(slots: readonly VcpuSlot[], maxVcpus: number): void {
  const last = slots.at(-1)
  const count = last === undefined ? 0 : last.firstId + last.count
  if (count > maxVcpus) throw tooMany('QEMU lists vCPUs', count, maxVcpus)
}

/** The agent's executor, whose list of the guest's CPUs has no more entries than the limit, and no id at or above it. */
export function limitAgent(agent: QgaExecutor, maxVcpus: number): QgaExecutor {
  return {
    execute: async (command, args, options) => {
      // eslint-disable-next-line no-restricted-syntax -- this is the executor that callQga is given: the reply is passed on to it and checked there
      const reply = await agent.execute(command, args, options)
      if (command === 'guest-get-vcpus' && Array.isArray(reply)) requireFewCpus(reply, maxVcpus)
      return reply
    },
  }
}

function requireFewCpus(cpus: readonly unknown[], maxVcpus: number): void {
  if (cpus.length > maxVcpus) {
    const message = `the guest's agent lists ${cpus.length} CPUs: limits.maxVcpus is ${maxVcpus}`
    throw new ProtocolError(message, {}, 'ERR_TOO_MANY_VCPUS')
  }
  const last = cpus.reduce<number>((most, cpu) => Math.max(most, idOf(cpu)), -1)
  if (last >= maxVcpus) throw tooMany("the guest's agent lists CPUs", last + 1, maxVcpus)
}

/** What is not an id is for the check of the reply to refuse. */
function idOf(cpu: unknown): number {
  const id = typeof cpu === 'object' && cpu !== null && 'logical-id' in cpu ? cpu['logical-id'] : undefined
  return Number.isSafeInteger(id) ? Number(id) : -1
}

function tooMany(what: string, count: number, maxVcpus: number): ProtocolError {
  const message = `${what} up to id ${count - 1}: limits.maxVcpus is ${maxVcpus}`
  return new ProtocolError(message, {}, 'ERR_TOO_MANY_VCPUS')
}
