import type { Duplex } from 'node:stream'
import { onTestFinished } from 'vitest'
import type { CliIo } from '../../src/cli/io.ts'
import { Domain, QgaClient, QmpClient } from '../../src/index.ts'
import { testClock } from './passing-clock.ts'

/** Where real time is in it: what is left of the default of 5 s would be less than that. */
const PATIENT_MS = 60_000

const dials = new Map<unknown, () => Duplex>()

/** A socket path that the command finds a connection of this process at, until the test ends. */
export function addressOf(dial: () => Duplex): string {
  const path = `/memory/${dials.size}.sock`
  dials.set(path, dial)
  onTestFinished(() => {
    dials.delete(path)
  })
  return path
}

/**
 * How the command reaches the addresses of its arguments: those of {@link addressOf} in memory, and in virtual time where it
 * has no other.
 */
export function inMemory(argv: readonly string[]): Pick<CliIo, 'clock'> & Required<Pick<CliIo, 'connect' | 'clients'>> {
  const addresses = argv.filter((arg, at) => ['--qmp', '--qga'].includes(argv[at - 1] ?? '') || dials.has(arg))
  const isAllInMemory = addresses.length > 0 && addresses.every((address) => dials.has(address))
  const patience = isAllInMemory ? undefined : PATIENT_MS
  const patient = patience === undefined ? {} : { timeoutMs: patience }
  return {
    ...(isAllInMemory ? { clock: testClock() } : {}),
    connect: ({ qmp, qga, timeoutMs = patience, ...options }) =>
      Domain.connect({ ...options, timeoutMs, qmp: dials.get(qmp) ?? qmp, qga: dials.get(qga) ?? qga }),
    clients: {
      qmp: (target, options) => QmpClient.connect(dials.get(target) ?? target, { ...patient, ...options }),
      qga: (target, options) => QgaClient.connect(dials.get(target) ?? target, { ...patient, ...options }),
    },
  }
}
