// The main job on a real guest: read the maps, plug a vCPU into the middle of the free slots, turn it on in the guest, turn
// it off, unplug it, and see every map after every step.
import { styleText } from 'node:util'
import { bootGuest, ensureGuestImage, everydayQemu, KitError, type Guest } from '../packages/guest-kit/src/index.ts'
import { runCli } from '../src/cli/main.ts'
import { Domain, type Vcpu } from '../src/index.ts'

const MIDDLE = 5
const SECOND = 3

process.exitCode = await main()

async function main(): Promise<number> {
  try {
    const qemu = await everydayQemu(say)
    const image = await ensureGuestImage({ arch: 'x86_64', kernel: '6.1' }, say)
    say(`booting Linux ${image.kernelRelease} in QEMU ${qemu.version}, 2 vCPUs of 8, no KVM needed …`)
    await using guest = await bootGuest({ qemu, image, smp: '2,maxcpus=8' })
    await tell(guest)
    return 0
  } catch (error) {
    if (!(error instanceof KitError)) throw error
    console.error(error.message)
    return 1
  }
}

async function tell(guest: Guest): Promise<void> {
  step('The guest has booted with vCPUs 0-1. Slots 2-7 are free.')
  await qemuVcpu(guest, 'map')

  step(`Plug vCPU ${MIDDLE}, in the middle of the free slots: QEMU's ids become sparse.`)
  await qemuVcpu(guest, 'set', String(MIDDLE), 'on')
  const fresh = await guestSide(guest, MIDDLE)
  await qemuVcpu(guest, 'map')

  step(`The guest calls it CPU ${fresh}, and has it offline: somebody must turn it on.`)
  await qemuVcpu(guest, 'guest-set', String(fresh), 'on')
  await qemuVcpu(guest, 'list')

  step(`Plug vCPU ${SECOND} too.`)
  await qemuVcpu(guest, 'set', String(SECOND), 'on')
  await guestSide(guest, SECOND)
  await qemuVcpu(guest, 'map')

  step(`Turn the guest's CPU ${fresh} off and unplug vCPU ${MIDDLE}: now the guest's ids have a hole.`)
  await qemuVcpu(guest, 'guest-set', String(fresh), 'off')
  await qemuVcpu(guest, 'set', String(MIDDLE), 'off')
  await qemuVcpu(guest, 'map')
  const { stdout } = await guest.shell('cat /sys/devices/system/cpu/present')
  say(`The guest's own /sys/devices/system/cpu/present says: ${stdout.trim()}`)
}

/** Wait until the guest lists a plugged vCPU, as a program that embeds the library would; its id in the guest. */
async function guestSide(guest: Guest, id: number): Promise<number> {
  await using domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
  const signal = AbortSignal.timeout(60_000)
  for (;;) {
    const vcpu = (await domain.vcpus({ signal })).find((candidate: Vcpu) => candidate.id === id)
    const guestId = vcpu?.guest?.id ?? null
    if (guestId !== null) return guestId
  }
}

async function qemuVcpu(guest: Guest, ...words: readonly string[]): Promise<void> {
  console.log(paint('bold', `$ qemu-vcpu ${words.join(' ')} --qmp … --qga …`))
  const status = await runCli([...words, '--qmp', guest.qmpPath, '--qga', guest.qgaPath], {
    stdout: (text) => process.stdout.write(text),
    stderr: (text) => process.stderr.write(text),
    env: process.env,
    isTerminal: process.stdout.isTTY,
    columns: process.stdout.columns,
    signal: new AbortController().signal,
  })
  console.log()
  if (status !== 0) throw new Error(`qemu-vcpu ${words.join(' ')} ended with ${status}`)
}

function step(what: string): void {
  console.log(paint('cyan', `— ${what}`))
}

function paint(style: 'bold' | 'cyan', text: string): string {
  const wanted = process.stdout.isTTY && !process.env['NO_COLOR']
  return wanted ? styleText(style, text) : text
}

function say(line: string): void {
  console.log(line)
}
