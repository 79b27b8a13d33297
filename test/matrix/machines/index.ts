import type { QemuTarget, QemuVersion } from '../../../packages/guest-kit/src/index.ts'
import { VERSIONS, type MachineConfiguration } from './configuration.ts'
import { pseriesConfigurations } from './pseries.ts'
import { s390xConfigurations } from './s390x.ts'
import { loongarch64Configurations } from './loongarch64.ts'
import { pcNodes } from './x86-numa.ts'
import { pcPeculiar, pcTopologies } from './x86-topologies.ts'

/** Every machine with vCPU hotplug that the matrix asks about. */
const configurations: readonly MachineConfiguration[] = [
  ...pcTopologies,
  ...pcPeculiar,
  ...pcNodes,
  ...pseriesConfigurations,
  ...s390xConfigurations,
  ...loongarch64Configurations,
]

/** One machine of one QEMU. */
export interface MatrixMachine {
  readonly configuration: MachineConfiguration
  readonly version: QemuVersion
}

/** Everything, or the part that `npm test` takes time for. */
const isFullRun = process.env['MATRIX'] !== 'part'

/** Each QEMU of each target is a download of 40 MB on a fresh machine; these are needed by other tests too, or nearly. */
const versionsOfPart: Readonly<Record<QemuTarget, readonly QemuVersion[]>> = {
  x86_64: ['7.2', '10.0'],
  ppc64: ['10.0'],
  s390x: ['10.0'],
  aarch64: [],
  loongarch64: [],
}

/** The QEMUs of a target that this run asks. */
export function versionsOf(target: QemuTarget): readonly QemuVersion[] {
  return isFullRun ? VERSIONS : versionsOfPart[target]
}

const chosen: readonly MatrixMachine[] = configurations
  .filter(({ isLarge }) => isFullRun || isLarge !== true)
  .flatMap((configuration) =>
    versionsOf(configuration.target)
      .filter((version) => configuration.versions?.includes(version) !== false)
      .map((version) => ({ configuration, version })),
  )

/** Those that start. */
export const startable = chosen.filter(({ configuration, version }) => configuration.refused?.[version] === undefined)

/** Those that QEMU does not start, with its words. */
export const unstartable = chosen.flatMap(({ configuration, version }) => {
  const words = configuration.refused?.[version]
  return words === undefined ? [] : [{ configuration, version, words }]
})
