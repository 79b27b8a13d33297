import { guestRecordings } from './guests.ts'
import { machineRecordings } from './machines.ts'
import { folderOf, type RecordingSpec } from './recording.ts'

/** Every recording there is. */
export const recordings: readonly RecordingSpec[] = [...machineRecordings, ...guestRecordings]

/**
 * The recordings that a name stands for: `10.0/flat`, or `flat` for that of each version, or `10.0` for all of a version.
 *
 * @throws Error when it stands for none
 */
export function recordingsNamed(name: string): RecordingSpec[] {
  const found = recordings.filter((spec) => [folderOf(spec), spec.name, spec.qemu].includes(name))
  if (found.length > 0) return found
  throw new Error(`no recording is called ${name}; there are ${recordings.map(folderOf).join(', ')}`)
}
