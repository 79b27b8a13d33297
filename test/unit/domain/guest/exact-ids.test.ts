import { describe, expect, test } from 'vitest'
import { readExactIds } from '../../../../src/domain/guest/exact-ids.ts'
import { CommandError } from '../../../../src/errors/peer-errors.ts'
import type { QgaExecutor } from '../../../../src/qga/executor.ts'
import type { QmpExecutor } from '../../../../src/qmp/executor.ts'
import { VmDriver } from '../../../../src/domain/vm/driver.ts'
import { Vm } from '../../../../src/domain/vm/vm.ts'
import { testClock } from '../../../support/passing-clock.ts'
import { Deadline } from '../../../../src/wire/deadline.ts'
import { slot } from '../vm/kit.ts'

const SYS = '/sys/devices/system/cpu'

/** A monitor that knows the machine's `vsmt`. */
function monitor(vsmt: unknown): QmpExecutor {
  return {
    execute: (command, args) => {
      expect([command, args]).toEqual(['qom-get', { path: '/machine', property: 'vsmt' }])
      if (vsmt !== undefined) return Promise.resolve(vsmt)
      return Promise.reject(new CommandError(command, 'GenericError', 'no such property'))
    },
  }
}

/** An agent that reads these files. */
function agent(files: Readonly<Record<string, string>>): QgaExecutor {
  const open: string[] = []
  return {
    execute: (command, args = {}) => {
      const text = files[String(args['path'])]
      if (command === 'guest-file-close') return Promise.resolve({})
      if (command === 'guest-file-read') {
        const content = Buffer.from(open[Number(args['handle'])] ?? '')
        return Promise.resolve({ count: content.length, 'buf-b64': content.toString('base64'), eof: true })
      }
      expect(command).toBe('guest-file-open')
      if (text === undefined) return Promise.reject(new CommandError(command, 'GenericError', 'no such file'))
      return Promise.resolve(open.push(text) - 1)
    },
  }
}

/** Two cores of two threads; the guest lists what it could have, and has what `present` says. */
async function idsOnPseries(vsmt: unknown, present: string, hardwareIds: readonly number[]) {
  const device = (id: number) => ({ id, qomPath: `/machine/unattached/device[${id}]`, hostThreadId: 100 + id })
  const cores = [0, 2].map((firstId) => ({
    ...slot(firstId, 2, device(firstId)),
    vcpus: [device(firstId), device(firstId + 1)],
  }))
  const files = hardwareIds.map((hardwareId, id): [string, string] => [
    `${SYS}/cpu${id}/physical_id`,
    `${hardwareId}\n`,
  ])
  const clock = testClock()
  return readExactIds(
    new Vm(new VmDriver(monitor(vsmt), clock), agent({ ...Object.fromEntries(files), [`${SYS}/present`]: present })),
    {
      reading: { slots: cores, noHotplug: undefined, target: 'ppc64' },
      cpus: hardwareIds.map((_, id) => ({ 'logical-id': id, online: true })),
      known: new Map(),
      onIds: () => undefined,
    },
    new Deadline({}, 60_000, clock),
  )
}

describe('pseries', () => {
  test('spaces the hardware ids of its cores by vsmt', async () => {
    const exact = await idsOnPseries(8, '0-3', [8, 9, 0, 1])
    expect(exact).toStrictEqual({ ids: new Map([[0, 2], [1, 3], [2, 0], [3, 1]]), isCertain: true }) // prettier-ignore
  })

  test('by the threads of a core where vsmt was never set', async () => {
    const exact = await idsOnPseries(0, '0-3', [2, 3, 0, 1])
    expect(exact).toStrictEqual({ ids: new Map([[0, 2], [1, 3], [2, 0], [3, 1]]), isCertain: true }) // prettier-ignore
  })

  test('says nothing of an id that no thread has, and is then not certain', async () => {
    const exact = await idsOnPseries(8, '0-3', [0, 1, 2, 3])
    expect(exact).toStrictEqual({ ids: new Map([[0, 0], [1, 1]]), isCertain: false }) // prettier-ignore
  })

  test('says nothing where QEMU does not say vsmt', async () => {
    expect(await idsOnPseries(undefined, '0-3', [0, 1, 2, 3])).toBeUndefined()
  })

  test('says nothing of CPUs that are not present', async () => {
    const exact = await idsOnPseries(8, '0-1', [0, 1, 8, 9])
    expect(exact).toStrictEqual({ ids: new Map([[0, 0], [1, 1]]), isCertain: true }) // prettier-ignore
  })
})
