import { quote } from '../../index.ts'
import { usageError } from '../errors.ts'
import type { SimMachine } from './machine.ts'

/** What `-smp` says, with nothing left open. */
export interface Smp {
  readonly bootVcpus: number
  readonly maxcpus: number
  readonly sockets: number
  readonly dies: number
  readonly cores: number
  readonly threads: number
}

/** What can be in `-smp` (QEMU, qapi/machine.json, `SMPConfiguration`). */
const KEYS = ['cpus', 'maxcpus', 'drawers', 'books', 'sockets', 'dies', 'clusters', 'modules', 'cores', 'threads']
/** Levels that a simulated machine has one of. */
const SINGLE = ['drawers', 'books', 'clusters', 'modules']

/**
 * Read QEMU's `-smp` (`2,maxcpus=8,sockets=2`) and fill in what it leaves open as QEMU does since 6.2: sockets and threads are one
 * each, and cores are what is left of `maxcpus` (QEMU, hw/core/machine-smp.c).
 *
 * @throws {@link InputError} `ERR_USAGE` for what QEMU would not start this machine with, and levels that the simulation has not
 */
export function parseSmp(text: string, machine: SimMachine): Smp {
  const given = readKeys(text)
  for (const level of [...SINGLE, ...(machine.hasDies ? [] : ['dies'])]) {
    if ((given.get(level) ?? 1) > 1) throw wrong(text, `the simulated ${machine.name} has no ${level}`)
  }
  const smp = fillIn(given)
  const { bootVcpus, maxcpus, sockets, dies, cores, threads } = smp
  if (sockets * dies * cores * threads !== maxcpus) {
    const levels = `sockets (${sockets}) * dies (${dies}) * cores (${cores}) * threads (${threads})`
    throw wrong(text, `${levels} must be maxcpus (${maxcpus})`)
  }
  if (bootVcpus > maxcpus) throw wrong(text, `it starts with ${bootVcpus} vCPUs, more than maxcpus (${maxcpus})`)
  if (maxcpus > machine.most) throw wrong(text, `${machine.name} has at most ${machine.most} vCPUs`)
  if (machine.kind === 'pseries' && bootVcpus % threads !== 0) {
    throw wrong(text, `pseries starts with whole cores, and ${bootVcpus} is not a multiple of threads (${threads})`)
  }
  return smp
}

/** The first may stand without its name; of a key given twice the last counts. */
function readKeys(text: string): ReadonlyMap<string, number> {
  const given = new Map<string, number>()
  for (const [at, part] of text.split(',').entries()) {
    const { name, digits } = /^(?:(?<name>[a-z]+)=)?(?<digits>\d{1,9})$/.exec(part)?.groups ?? {}
    const key = name ?? (at === 0 ? 'cpus' : '')
    if (digits === undefined || !KEYS.includes(key)) {
      throw wrong(text, `${quote(part)} is not understood, as in 2,maxcpus=8,sockets=2`)
    }
    if (Number(digits) === 0) throw wrong(text, `${key} must be greater than zero`)
    given.set(key, Number(digits))
  }
  return given
}

function fillIn(given: ReadonlyMap<string, number>): Smp {
  const dies = given.get('dies') ?? 1
  const most = given.get('maxcpus') ?? given.get('cpus')
  let [sockets, cores, threads] = [given.get('sockets'), given.get('cores'), given.get('threads')]
  if (most !== undefined) {
    if (cores === undefined) {
      sockets ??= 1
      threads ??= 1
      cores = Math.floor(most / (sockets * dies * threads))
    } else if (sockets === undefined) {
      threads ??= 1
      sockets = Math.floor(most / (dies * cores * threads))
    } else threads ??= Math.floor(most / (sockets * dies * cores))
  }
  const levels = { sockets: sockets ?? 1, dies, cores: cores ?? 1, threads: threads ?? 1 }
  const maxcpus = most ?? levels.sockets * dies * levels.cores * levels.threads
  return { bootVcpus: given.get('cpus') ?? maxcpus, maxcpus, ...levels }
}

function wrong(text: string, why: string): Error {
  return usageError(`--smp is ${quote(text)}: ${why}`, 'sim')
}
