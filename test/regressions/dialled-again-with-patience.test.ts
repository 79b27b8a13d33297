// The look-out for a removal gave up at the first dial that failed, so that a monitor that was away for a moment ended it;
// a caller's loop, on the other hand, dialled 22,000 times a second. And a connection that takes more than an address to
// make could not be made again at all. Seen on sockets. What must end: dialling that gives up at once or never pauses.
import { expect, onTestFinished, test } from 'vitest'
import { memoryPair, SimulatedAgent, SimulatedQemu } from '../../src/testing/index.ts'
import { answered, connect, dialling, ended, resultOf, settle, simulate, until } from './support.ts'

/** How often a caller asks while nothing can be reached. */
const CALLS = 100

/** A QEMU that can be out of reach for a while, dials counted: who dials it then is hung up on. */
async function awayForAWhile() {
  const { qemu } = simulate()
  let isAway = false
  let dials = 0
  const dial = () => {
    if (!isAway) return qemu.connect()
    dials++
    const [near, far] = memoryPair()
    far.destroy()
    return near
  }
  const domain = await connect({ qmp: dialling(dial) })
  const leave = () => {
    isAway = true
    qemu.dropClient()
  }
  const comeBack = () => {
    isAway = false
  }
  return { qemu, domain, leave, comeBack, dials: () => dials }
}

test('an unplug outlives dials that fail', async () => {
  const { qemu, domain, leave, comeBack, dials } = await awayForAWhile()
  qemu.guest.onUnplug = 'ignore'
  const asked = answered(qemu, 'device_del')
  let isOver = false
  const call = ended(domain.setVcpuState(1, false)).finally(() => {
    isOver = true
  })
  await asked
  leave()
  await until(() => isOver || dials() > 2)
  expect(isOver).toBe(false)
  comeBack()
  qemu.completePendingUnplug()
  const end = await call
  expect(end).toMatchObject({ state: 'done' })
})

test('a caller’s loop does not dial each time', async () => {
  const { domain, leave, dials } = await awayForAWhile()
  leave()
  for (let call = 0; call < CALLS; call++) {
    await domain.getVcpuMaps({ timeoutMs: 1 }).catch(() => undefined)
    await settle()
  }
  expect(dials()).toBeGreaterThan(0)
  expect(dials()).toBeLessThan(CALLS / 2)
})

test('an endpoint may be a function that dials, and is called again after a loss', async () => {
  const { qemu, agent } = simulate()
  let dials = 0
  const domain = await connect({
    qmp: dialling(() => {
      dials++
      return qemu.connect()
    }),
    qga: dialling(() => Promise.resolve(agent.connect())),
  })
  expect(String((await resultOf(domain.setVcpuState(5, true, { guest: true }))).guest?.changed)).toBe('2')
  expect(dials).toBe(1)
  qemu.dropClient()
  await settle()
  expect(String(await resultOf(domain.getVcpuMap()))).toBe('0-1,5')
  expect(dials).toBe(2)
})

test('a function that cannot dial now is tried again', async () => {
  const qemu = new SimulatedQemu({ kind: 'x86', bootVcpus: 2, maxcpus: 8 })
  const agent = new SimulatedAgent(qemu.guest)
  onTestFinished(async () => {
    await qemu[Symbol.asyncDispose]()
    await agent[Symbol.asyncDispose]()
  })
  let isAway = false
  const dial = () => (isAway ? Promise.reject(new Error('the host is rebooting')) : Promise.resolve(qemu.connect()))
  const domain = await connect({ qmp: dialling(dial), qga: dialling(() => agent.connect()) })
  isAway = true
  qemu.dropClient()
  await settle()
  expect((await ended(domain.getVcpuMaps({ timeoutMs: 1 }))).state).toBe('failed')
  isAway = false
  expect(String(await resultOf(domain.getVcpuMap()))).toBe('0-1')
})
