import { foreignText, foreignValue, type CpuInstanceProperties } from '../../index.ts'

/** QEMU's levels of a topology, the widest first (QEMU's qapi/machine.json, CpuInstanceProperties). */
export const LEVELS: readonly string[] = [
  'node',
  'drawer',
  'book',
  'socket',
  'die',
  'cluster',
  'module',
  'core',
  'thread',
]
const SUFFIX = '-id'

/**
 * Where a vCPU sits, in short words: `socket 0 core 5 thread 0`. A property that this package does not know comes last, as
 * QEMU spells it.
 */
export function topologyText(props: CpuInstanceProperties): string {
  const known = LEVELS.flatMap((level) => {
    const key = level + SUFFIX
    return Object.hasOwn(props, key) ? [`${level} ${foreignValue(props[key])}`] : []
  })
  const unknown = Object.keys(props)
    .filter((key) => !key.endsWith(SUFFIX) || !LEVELS.includes(key.slice(0, -SUFFIX.length)))
    .map((key) => `${foreignText(key)} ${foreignValue(props[key])}`)
  const words = [...known, ...unknown]
  return words.length === 0 ? '-' : words.join(' ')
}
