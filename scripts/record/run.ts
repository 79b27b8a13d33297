import { setTimeout as delay } from 'node:timers/promises'
import {
  bootGuest,
  ensureGuestImage,
  Guest,
  resolveQemu,
  startMachine,
  type Machine,
} from '../../packages/guest-kit/src/index.ts'
import { provenanceOf, requireAnonymous } from './provenance.ts'
import type { RecordingSpec } from './recording.ts'
import { Transcript } from './transcript.ts'

const pauseMs = 100
/** Always the same one, whatever `$QEMU_VCPU_ACCEL` says: a fixture is to come out the same everywhere. */
const accel = 'tcg,thread=multi'

/**
 * Makes one recording: starts its machine, carries out its session, ends the machine.
 *
 * @returns the text of each file of its folder, by name
 * @throws what the session throws, with QEMU's own words
 */
export async function record(spec: RecordingSpec): Promise<ReadonlyMap<string, string>> {
  await using machine = await start(spec)
  const transcript = new Transcript()
  try {
    await spec.session({
      qmp: machine.qmpPath,
      qga: machine instanceof Guest ? machine.qgaPath : undefined,
      trace: transcript.trace,
      step: (name) => {
        transcript.step(name)
      },
      pause: () => delay(pauseMs),
    })
  } catch (error) {
    throw machine.explain(`the session failed at '${transcript.currentStep}'`, error)
  }
  const files = new Map([['provenance.json', `${JSON.stringify(await provenanceOf(machine, spec), null, 2)}\n`]])
  for (const [label, text] of transcript.files()) files.set(`${label}.jsonl`, text)
  for (const [name, text] of files) requireAnonymous(name, text)
  return files
}

async function start({ qemu: version, target, guest, ...spec }: RecordingSpec): Promise<Machine> {
  const qemu = await resolveQemu(version, target, progress)
  const { machine, smp, extraArgs } = spec
  const options = { qemu, machine, smp, extraArgs, accel }
  if (guest === undefined) return startMachine({ ...options, paused: true })
  const { kernel, agent, agentArgs = true, prepare } = guest
  const image = await ensureGuestImage({ arch: 'x86_64', kernel, agent }, progress)
  const booted = await bootGuest({ ...options, image, agent: agentArgs })
  try {
    await prepare?.(booted)
    return booted
  } catch (error) {
    await booted.stop()
    throw error
  }
}

function progress(line: string): void {
  console.error(line)
}
