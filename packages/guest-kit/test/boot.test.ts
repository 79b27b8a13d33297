import { createConnection } from 'node:net'
import { describe, expect, test } from 'vitest'
import { bootGuest, ensureGuestImage, resolveQemu, startMachine, type QemuVersion } from '../src/index.ts'
import { showConsoleOnFailure } from '../src/show-console.ts'

const packagesTimeoutMs = 600_000

describe.each<QemuVersion>(['10.0', '7.2'])('a guest on QEMU %s', (version) => {
  test('boots, and its three channels answer', { timeout: packagesTimeoutMs }, async () => {
    const qemu = await resolveQemu(version, 'x86_64', console.error)
    const image = await ensureGuestImage({ arch: 'x86_64', kernel: '6.1' }, console.error)
    await using guest = await bootGuest({ qemu, image, smp: '2,maxcpus=8' })
    showConsoleOnFailure(guest)
    expect(`${guest.qemuVersion}.`).toContain(`${version}.`)

    const shell = await guest.shell('uname -r; cat /sys/devices/system/cpu/present; echo odd >&2; exit 3')
    expect(shell).toEqual({ stdout: `${image.kernelRelease}\n0-1\n`, stderr: 'odd\n', status: 3 })

    const [greeting, , reply] = await exchange(guest.controlPath, 3, ['qmp_capabilities', 'query-cpus-fast'])
    expect(greeting).toHaveProperty('QMP.version.qemu.major', Number.parseInt(version))
    expect(reply).toHaveProperty('return.length', 2)
    await expect(guest.query('query-cpus-fast')).resolves.toHaveLength(2)

    // The only agent that this ever talks to is the one in the guest.
    expect(await exchange(guest.qgaPath, 1, ['guest-ping'])).toEqual([{ return: {} }])

    const { pid } = guest
    await guest.stop()
    await expect(guest.exited).resolves.toEqual({ code: null, signal: 'SIGKILL' })
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
    await expect(guest.shell('true')).rejects.toThrow('QEMU ended')
  })
})

test('a machine without a guest answers; one that cannot start says why', { timeout: packagesTimeoutMs }, async () => {
  const qemu = await resolveQemu('10.0', 'x86_64', console.error)
  await using machine = await startMachine({ qemu, smp: '1,maxcpus=3', paused: true })
  showConsoleOnFailure(machine)
  await expect(machine.query('query-hotpluggable-cpus')).resolves.toHaveLength(3)
  await expect(machine.query('no-such-command')).rejects.toThrow('CommandNotFound')
  await expect(startMachine({ qemu, machine: 'no-such-machine' })).rejects.toThrow(/unsupported machine type/)
})

/** Sends commands on a socket, and reads that many lines of JSON. */
function exchange(path: string, lines: number, commands: readonly string[]): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path)
    let text = ''
    socket.setEncoding('utf8')
    socket.on('error', reject)
    socket.on('data', (chunk: string) => {
      text += chunk
      const complete = text.split('\n').slice(0, -1)
      if (complete.length < lines) return
      socket.destroy()
      resolve(complete.map((line): unknown => JSON.parse(line)))
    })
    for (const execute of commands) socket.write(`${JSON.stringify({ execute })}\n`)
  })
}
