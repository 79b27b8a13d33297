import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { InputError } from '../../errors/input-error.ts'
import { quote } from '../../errors/quote.ts'
import { isCpuId } from '../../bitmap/set/cpu-id.ts'
import { isDeviceId } from '../check-input.ts'
import type { VcpuDevice, VcpuLayout } from './layout.ts'

/**
 * Read a layout back from the JSON that it makes.
 *
 * @param value - as `JSON.parse` gives it; unknown members are ignored
 * @throws {@link InputError} `ERR_LAYOUT`, naming the member that is wrong
 */
export function parseLayout(value: unknown): VcpuLayout {
  const { smp, devices, online } = objectAt(value, 'the layout')
  if (!Array.isArray(devices)) throw wrong('devices', devices, 'a list')
  const read = devices.map((device: unknown, index) => parseDevice(device, `devices[${index}]`))
  const layout = { smp: parseSmp(smp), devices: read, online: mapAt(online, 'online') }
  requireConsistent(layout)
  return layout
}

function parseSmp(value: unknown): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(objectAt(value, 'smp')).map(([name, count]) => {
      if (typeof count !== 'number' || !isCpuId(count - 1)) throw wrong(`smp.${quote(name)}`, count, 'a count')
      return [name, count]
    }),
  )
}

function parseDevice(value: unknown, at: string): VcpuDevice {
  const { ids, driver, id, props } = objectAt(value, at)
  if (typeof driver !== 'string') throw wrong(`${at}.driver`, driver, "QEMU's name of a CPU type")
  if (id !== null && !isDeviceId(id)) throw wrong(`${at}.id`, id, 'a device id or null')
  return { ids: mapAt(ids, `${at}.ids`), driver, id, props: { ...objectAt(props, `${at}.props`) } }
}

function requireConsistent({ devices, online }: VcpuLayout): void {
  let seen = CpuMap.empty
  for (const [index, { ids }] of devices.entries()) {
    if (ids.size === 0 || seen.intersection(ids).size > 0 || !ids.isSubsetOf(online)) {
      throw wrong(
        `devices[${index}].ids`,
        String(ids),
        `vCPUs that stand in online (${String(online)}) and in one device`,
      )
    }
    seen = seen.union(ids)
  }
}

function mapAt(value: unknown, at: string): CpuMap {
  if (value instanceof CpuMap) return value
  if (typeof value !== 'string') throw wrong(at, value, 'a list of ids such as "0-1,5"')
  return CpuMap.parse(value)
}

function objectAt(value: unknown, at: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  throw wrong(at, value, 'an object')
}

function wrong(at: string, value: unknown, expected: string): InputError {
  return new InputError('ERR_LAYOUT', `invalid layout: ${at} is ${quote(value)}, expected ${expected}`)
}
