import type { Machine } from '../../../packages/guest-kit/src/index.ts'
import { eventually } from './eventually.ts'

/** A node that snapshots can be kept in, used by no device. */
export async function addSnapshotDisk(machine: Machine, filename: string): Promise<void> {
  await runJob(machine, 'blockdev-create', { 'job-id': 'file', options: { driver: 'file', filename, size: 0 } })
  await machine.query('blockdev-add', { driver: 'file', filename, 'node-name': 'file' })
  const options = { driver: 'qcow2', file: 'file', size: 2 ** 30 }
  await runJob(machine, 'blockdev-create', { 'job-id': 'image', options })
  await machine.query('blockdev-add', { driver: 'qcow2', file: 'file', 'node-name': 'snapshots' })
}

/** Run a job of QEMU's to its end; returns its error, where it had one. */
export async function runJob(
  machine: Machine,
  command: string,
  args: Readonly<Record<string, unknown>> & { readonly 'job-id': string },
): Promise<string | undefined> {
  await machine.query(command, args)
  const job = await eventually(`${command} ends`, async () => {
    const jobs = (await machine.query('query-jobs')) as readonly { id: string; status: string; error?: string }[]
    return jobs.find(({ id, status }) => id === args['job-id'] && status === 'concluded')
  })
  await machine.query('job-dismiss', { id: args['job-id'] })
  return job.error
}
