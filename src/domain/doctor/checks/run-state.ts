import { foreignText } from '../../../errors/quote.ts'
import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'
import { RUN_STATES, type RunState } from '../run-states.ts'

/** Migration states in which QEMU refuses `device_add` and `device_del` (QEMU's qapi/migration.json). */
const IDLE_MIGRATION = ['none', 'completed', 'failed', 'cancelled']

/** A guest that does not run answers nothing. */
export async function notRunning(facts: Facts): Promise<readonly Finding[]> {
  const { running, status } = await facts.status()
  if (running) return []
  return [
    {
      code: 'vm-not-running',
      ...(RUN_STATES.get(status) ?? UNKNOWN_STATE),
      evidence: `query-status: ${foreignText(status, 40)}`,
    },
  ]
}

const UNKNOWN_STATE: RunState = {
  severity: 'warns',
  summary: 'the vCPUs do not run, in a state that this version does not know',
  advice: "read QEMU's documentation of that state; do not resume it before that",
}

/** QEMU refuses to plug and to unplug while it migrates. */
export async function migrating(facts: Facts): Promise<readonly Finding[]> {
  const status = await facts.migration()
  if (status === undefined || IDLE_MIGRATION.includes(status)) return []
  return [
    {
      code: 'migrating',
      severity: 'blocks',
      summary: 'the VM is being migrated: QEMU neither plugs nor unplugs meanwhile',
      evidence: `query-migrate: ${foreignText(status, 40)}`,
      advice:
        status === 'postcopy-paused'
          ? 'its connection broke in the middle: whoever migrates it can take it up again (migrate-recover on the target, then migrate with resume); end neither side'
          : 'wait for the migration to end',
    },
  ]
}
