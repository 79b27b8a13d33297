import fc from 'fast-check'
import { expect } from 'vitest'
import type { Guest } from '../../packages/guest-kit/src/index.ts'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { Domain } from '../../src/index.ts'
import { trueCpus } from '../oracle/guest-cpus.ts'
import { trueIndexes } from '../oracle/vcpus.ts'
import { boot } from './support/boot.ts'
import { eventually } from './support/eventually.ts'
import { testOnSoundQemu as test } from './support/sound-qemu.ts'

const STEPS = 200
const MAX_VCPUS = 160
/** TCG takes so many plugs in QEMU's life; one is kept in hand. */
const PLUG_BUDGET = MAX_VCPUS - 3
/** Running more at once only makes two host cores slower. */
const MOST_PLUGGED = 7

const KINDS = ['plug', 'unplug', 'guest-on', 'guest-off'] as const

interface Step {
  readonly kind: (typeof KINDS)[number]
  readonly pick: number
  /** Carry it through into the guest. */
  readonly guest: boolean
}

const step = fc.record<Step>({
  kind: fc.constantFrom(...KINDS),
  pick: fc.nat(),
  guest: fc.boolean(),
})

/** What we think: the plugged vCPUs, and whether the guest runs each. */
class Model {
  readonly runs = new Map<number, boolean>([
    [0, true],
    [1, true],
  ])
  plugs = 0

  candidates(kind: Step['kind']): number[] {
    switch (kind) {
      case 'plug':
        return this.runs.size < MOST_PLUGGED && this.plugs < PLUG_BUDGET
          ? Array.from({ length: MAX_VCPUS }, (_, id) => id).filter((id) => !this.runs.has(id))
          : []
      case 'unplug':
        return [...this.runs.keys()].filter((id) => id !== 0)
      case 'guest-on':
        return [...this.runs].filter(([, runs]) => !runs).map(([id]) => id)
      case 'guest-off':
        return [...this.runs].filter(([id, runs]) => runs && id !== 0).map(([id]) => id)
    }
  }
}

test(`${STEPS} random changes: our model, QEMU and the guest's own /sys agree after each`, async () => {
  await using guest = await boot({ smp: `2,maxcpus=${MAX_VCPUS}`, memoryMb: 512 })
  showConsoleOnFailure(guest)
  await using domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
  const seed = Number(process.env['FC_SEED'] ?? Date.now() % 2_147_483_647)
  console.error(`random session: seed ${seed} (FC_SEED=${seed} repeats it)`)
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: STEPS, maxLength: STEPS }), async (steps) => {
      const model = new Model()
      const done: string[] = []
      for (const { kind: wanted, pick, guest: through } of steps) {
        // Something can always be done: what cannot just now gives way to the next kind.
        const kinds = [...KINDS.slice(KINDS.indexOf(wanted)), ...KINDS]
        const kind = kinds.find((candidate) => model.candidates(candidate).length > 0) ?? wanted
        const candidates = model.candidates(kind)
        const id = candidates[pick % candidates.length] ?? -1
        done.push(`${kind} ${id}${through ? ' through' : ''}`)
        await carryOut(domain, model, kind, id, through)
        await agree(guest, domain, model).catch((error: unknown) => {
          throw new Error(`after ${done.slice(-6).join(', ')}`, { cause: error })
        })
      }
      expect(done).toHaveLength(STEPS)
    }),
    // Shrinking would go on with the guest that the failure left behind.
    { seed, numRuns: 1, endOnFailure: true },
  )
}, 900_000)

async function carryOut(domain: Domain, model: Model, kind: Step['kind'], id: number, guest: boolean): Promise<void> {
  switch (kind) {
    case 'plug':
      model.plugs++
      expect(String((await domain.setVcpuState(id, true, { guest })).changed)).toBe(String(id))
      model.runs.set(id, guest)
      if (!guest)
        await eventually(`the guest lists vCPU ${id}`, async () => (await guestIdOf(domain, id)) !== undefined)
      break
    case 'unplug':
      expect(String((await domain.setVcpuState(id, false, { guest })).changed)).toBe(String(id))
      model.runs.delete(id)
      break
    case 'guest-on':
    case 'guest-off': {
      const guestId = await guestIdOf(domain, id)
      if (guestId === undefined) throw new Error(`vCPU ${id} has no CPU in the guest`)
      await domain.setGuestVcpuState(guestId, kind === 'guest-on')
      model.runs.set(id, kind === 'guest-on')
    }
  }
}

async function guestIdOf(domain: Domain, id: number): Promise<number | undefined> {
  return (await domain.vcpus())[id]?.guest?.id ?? undefined
}

async function agree(guest: Guest, domain: Domain, model: Model): Promise<void> {
  const expected = [...model.runs].sort(([a], [b]) => a - b)
  expect(await trueIndexes(guest)).toEqual(expected.map(([id]) => id))
  const truth = await trueCpus(guest)
  expect(truth.map(({ index, online }) => [index, online])).toEqual(expected)
  const joined = (await domain.vcpus()).flatMap(({ id, online, guest: side }) =>
    online ? [{ guestId: side?.id, index: id, online: side?.online, confidence: side?.confidence }] : [],
  )
  expect(joined).toEqual(truth.map((cpu) => ({ ...cpu, confidence: 'exact' })))
}
