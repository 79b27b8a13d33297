// The guest had refused a plug (_OST), and the file that would only have made the error's text better could not be read
// in time: the caller got ERR_TIMEOUT instead of ERR_GUEST_REJECTED. Seen on a simulated guest. What must end: words for
// people that change what the error is.
import { expect, test } from 'vitest'
import { hang, Refusal, type CommandHandler } from '../../src/testing/index.ts'
import { connectSimulated, errorOf, ended } from './support.ts'

const POSSIBLE = '/sys/devices/system/cpu/possible'

test.each<[string, CommandHandler]>([
  ['is mute', hang],
  ['answers nonsense', () => 'nonsense'],
  ['fails', () => Promise.reject(new Refusal('Input/output error'))],
])('a guest that %s when it is asked for its room', async (_, handler) => {
  const { qemu, agent, domain } = await connectSimulated()
  qemu.guest.onPlug = 'refuse'
  agent.onCommand('guest-file-open', (args, usual) => (args['path'] === POSSIBLE ? handler(args, usual) : usual()))
  const end = await ended(domain.setVcpuState(5, true, { guest: true }))
  expect(errorOf(end)).toMatchObject({ code: 'ERR_GUEST_REJECTED', outcome: 'partial' })
})
