// examples/autoscaler.ts on a real guest: work comes and goes in it, and the vCPUs follow. Its agent has counters alone.
import { expect } from 'vitest'
import { autoscale } from '../../examples/autoscaler.ts'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { trueCpus } from '../oracle/guest-cpus.ts'
import { trueIndexes } from '../oracle/vcpus.ts'
import { boot } from './support/boot.ts'
import { eventually } from './support/eventually.ts'
import { testOnSoundQemu as test } from './support/sound-qemu.ts'

const POLICY = { min: 1, max: 3, up: 0.8, down: 0.3, periodMs: 2_000, quietMs: 2_000 }
const WORK = 'for loop in 1 2 3 4; do while :; do :; done > /dev/null 2>&1 & echo $! >> /run/work; done'

test('a guest with work gets vCPUs up to the maximum, and gives them back when the work is done', async () => {
  await using guest = await boot({ smp: '1,maxcpus=4' })
  showConsoleOnFailure(guest)
  const trail: Readonly<Record<string, unknown>>[] = []
  const end = new AbortController()
  const running = autoscale({
    ...{ qmp: guest.qmpPath, qga: guest.qgaPath, name: 'vm1', policy: POLICY, signal: end.signal },
    audit: (line) => {
      console.error(line)
      trail.push(JSON.parse(line) as Readonly<Record<string, unknown>>)
    },
  })
  // QEMU's word: looking into the guest again and again would be work for it.
  const plugged = async (): Promise<number> => (await trueIndexes(guest)).length
  const runs = async (): Promise<number> => (await trueCpus(guest)).filter(({ online }) => online).length
  try {
    await guest.shell(WORK)
    await eventually('three are plugged', async () => (await plugged()) === 3)
    await eventually('three run', async () => (await runs()) === 3)
    await guest.shell('kill $(cat /run/work)')
    await eventually('one is plugged', async () => (await plugged()) === 1)
    expect(await runs()).toBe(1)
  } finally {
    end.abort()
    await running
  }
  expect(trail.some(({ source }) => source === 'guest-get-cpustats')).toBe(true)
  const sizes = trail.filter(({ change }) => change === 'done').map(({ size }) => size)
  expect(sizes).toEqual(expect.arrayContaining([2, 3]))
  expect(Math.max(...sizes.map(Number))).toBe(3)
}, 600_000)
