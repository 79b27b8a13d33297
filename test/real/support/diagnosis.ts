import type { Domain, Finding } from '../../../src/index.ts'

/** Every guest here runs under TCG, and its budget of plugs is a finding of its own. */
export const BUDGET = 'warns tcg-plug-budget'

/** The findings' severities and names, the worst first. */
export async function diagnosis(domain: Domain): Promise<string[]> {
  return (await domain.doctor()).map(({ severity, code }) => `${severity} ${code}`)
}

/** The finding of that name; fails the test where there is none. */
export async function findingOf(domain: Domain, code: string): Promise<Finding> {
  const finding = (await domain.doctor()).find((each) => each.code === code)
  if (finding === undefined) throw new Error(`there is no finding ${code}`)
  return finding
}
