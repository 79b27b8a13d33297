import { qemuSuites, type QemuVersion } from '../../../packages/guest-kit/src/architectures.ts'

const VARIABLE = 'QEMU_VCPU_TEST_QEMU'

/**
 * The QEMU that the tests on a real guest run on where they name none: `$QEMU_VCPU_TEST_QEMU`, one of the kit's versions.
 * `undefined`, as mostly: the everyday one.
 */
export const testedQemu = read(process.env[VARIABLE])

function read(value: string | undefined): QemuVersion | undefined {
  if (value === undefined || value === '') return undefined
  if (isVersion(value)) return value
  throw new Error(`${VARIABLE} is '${value}', expected one of ${Object.keys(qemuSuites).join(', ')}`)
}

function isVersion(value: string): value is QemuVersion {
  return Object.hasOwn(qemuSuites, value)
}
