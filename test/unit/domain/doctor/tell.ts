import type { Domain, Finding } from '../../../../src/index.ts'
import { Refusal, type SimulatedQemu } from '../../../../src/testing/index.ts'

/** The findings' severities and names, in their order: `blocks no-free-slot`. */
export async function diagnosis(domain: Domain): Promise<string[]> {
  return (await domain.doctor()).map(({ severity, code }) => `${severity} ${code}`)
}

/** The one finding of that name; fails the test where there is none, or more. */
export async function findingOf(domain: Domain, code: string): Promise<Finding> {
  const findings = (await domain.doctor()).filter((finding) => finding.code === code)
  const [finding] = findings
  if (finding === undefined || findings.length > 1) throw new Error(`${findings.length} findings are called ${code}`)
  return finding
}

/** The simulation answers as a QEMU before 11 does under TCG. */
export function underTcg(qemu: SimulatedQemu): void {
  qemu.onCommand('query-kvm', () => ({ enabled: false, present: true }))
  qemu.onCommand('x-query-jit', () => ({ 'human-readable-text': 'TB count 7' }))
}

/** The machine's own properties; any other is refused as QEMU does. */
export function withProperties(qemu: SimulatedQemu, properties: Readonly<Record<string, unknown>>): void {
  qemu.onCommand('qom-get', ({ path, property }) => {
    const name = String(property)
    if (path === '/machine' && Object.hasOwn(properties, name)) return properties[name]
    throw new Refusal(`Property '${String(path)}.${name}' not found`)
  })
}
