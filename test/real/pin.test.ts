// examples/pin.ts on a real guest: when its thread is placed, a new vCPU has run nothing of the guest's.
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Guest } from '../../packages/guest-kit/src/index.ts'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { moveTo, pinTo, plugPinned } from '../../examples/pin.ts'
import { CpuMap } from '../../src/index.ts'
import { boot } from './support/boot.ts'
import { eventually } from './support/eventually.ts'
import { readHostThread, type HostThread } from './support/host-threads.ts'
import { threadedCgroup } from './support/threaded-cgroup.ts'

const cgroup = await threadedCgroup()
afterAll(async () => {
  if ('path' in cgroup) await cgroup[Symbol.asyncDispose]()
})

const ID = 5

/** Where an x86 CPU starts, and where it waits until the guest's kernel sends it elsewhere (Intel SDM, volume 3, 10.1). */
const RESET_STATE = /EIP=0000fff0[^]*\bHLT=1[^]*CS =f000 ffff0000/

/** What is seen of a new vCPU when it was placed. */
interface Seen {
  readonly before: HostThread
  readonly after: HostThread
  readonly registers: string
  readonly guestRuns: string
}

test('a plugged vCPU is pinned to a CPU of the host before its first instruction', async () => {
  await using guest = await boot()
  showConsoleOnFailure(guest)
  const allowed = CpuMap.parse((await readHostThread(process.pid, process.pid)).cpus)
  const target = String(allowed.last() ?? 0)
  const { seen, threadId, guestId } = await plugAndLook(guest, pinTo(target))
  expect(seen.before.cpus).toBe(String(allowed))
  expect(seen.after.cpus).toBe(target)
  expectRunNothing(seen)

  // What is pinned is what the guest's CPU runs on: its work shows there, and stays there.
  await guest.shell(`taskset -c ${guestId} sh -c 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done'`)
  const { cpus, ranNs } = await readHostThread(guest.pid, threadId)
  expect(cpus).toBe(target)
  expect(ranNs).toBeGreaterThan(seen.after.ranNs)
  expect(await lastCpuOf(guest.pid, threadId)).toBe(target)
})

if ('path' in cgroup) {
  test('a plugged vCPU is moved into a cgroup before its first instruction', async () => {
    await using guest = await boot()
    showConsoleOnFailure(guest)
    const { seen } = await plugAndLook(guest, moveTo(cgroup.path))
    expect(basename(seen.before.cgroup)).not.toBe(basename(cgroup.path))
    expect(basename(seen.after.cgroup)).toBe(basename(cgroup.path))
    expectRunNothing(seen)
  })
} else {
  test(`a host without cgroups for threads (${cgroup.refused}): the plug is undone`, async () => {
    await using guest = await boot()
    showConsoleOnFailure(guest)
    await expect(plugAndLook(guest, moveTo('/sys/fs/cgroup/none'))).rejects.toMatchObject({ outcome: 'rejected' })
    expect((await guest.shell('cat /sys/devices/system/cpu/online')).stdout.trim()).toBe('0-1')
  })
}

async function plugAndLook(
  guest: Guest,
  place: (hostThreadId: number) => Promise<void>,
): Promise<{ readonly seen: Seen; readonly threadId: number; readonly guestId: number }> {
  const looks: Seen[] = []
  const result = await plugPinned({ qmp: guest.qmpPath, qga: guest.qgaPath }, ID, async (hostThreadId) => {
    const before = await readHostThread(guest.pid, hostThreadId)
    await place(hostThreadId)
    // The guest has the time to find the CPU, and to leave it alone.
    await eventually('the guest lists it', async () => (await inGuest(guest, 'present')) === '0-2')
    looks.push({
      before,
      after: await readHostThread(guest.pid, hostThreadId),
      registers: await registers(guest),
      guestRuns: await inGuest(guest, 'online'),
    })
  })
  const [seen] = looks
  const guestId = result.guest?.ids.first()
  if (seen === undefined || guestId === undefined || result.hostThreadId === null) throw new Error('was not placed')
  expect(looks).toHaveLength(1)
  expect(await inGuest(guest, 'online')).toBe('0-2')
  expect(await registers(guest)).not.toMatch(RESET_STATE)
  return { seen, threadId: result.hostThreadId, guestId }
}

function expectRunNothing(seen: Seen): void {
  expect(seen.registers).toMatch(RESET_STATE)
  expect(seen.guestRuns).toBe('0-1')
}

async function registers(guest: Guest): Promise<string> {
  const info = { 'command-line': 'info registers', 'cpu-index': ID }
  return String(await guest.query('human-monitor-command', info))
}

async function inGuest(guest: Guest, file: 'online' | 'present'): Promise<string> {
  return (await guest.shell(`cat /sys/devices/system/cpu/${file}`)).stdout.trim()
}

/** The CPU of the host that a thread ran on last: field 39 of its `stat` (proc(5)). */
async function lastCpuOf(pid: number, threadId: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/task/${threadId}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[36]
}
