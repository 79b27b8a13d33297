// Makes docs/watch.svg, README's picture, and the screens of docs/screens again: `watch` in a real terminal (tmux) on real
// guests, and the page of examples/http-daemon in a browser. `npx tsx scripts/screens.ts pseries` makes one of them.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bootGuest, ensureGuestImage, everydayQemu, resolveQemu } from '../packages/guest-kit/src/index.ts'
import { openDaemonPage } from '../test/real/support/daemon-page.ts'
import { openTerminal, type TmuxTerminal } from '../test/real/support/tmux.ts'
import { inRepository } from './formatted-page.ts'
import { terminalSvg } from './screens/terminal-svg.ts'

/** A screen, its name in docs/screens. */
const SCREENS: Readonly<Record<string, () => Promise<void>>> = { readme, pseries, slots, page }

const wanted = process.argv.slice(2)
for (const [name, make] of Object.entries(SCREENS)) {
  if (wanted.length === 0 || wanted.includes(name)) await make()
}

/** Two sockets of two-thread cores, one vCPU plugged and not yet on, and a question about it. */
async function readme(): Promise<void> {
  const qemu = await everydayQemu(say)
  const image = await ensureGuestImage({ arch: 'x86_64', kernel: '6.1' }, say)
  await using guest = await bootGuest({ qemu, image, smp: '4,sockets=2,cores=4,threads=2,maxcpus=16' })
  await using terminal = await openTerminal({
    columns: 84,
    rows: 24,
    env: { QEMU_VCPU_QMP: guest.qmpPath, QEMU_VCPU_QGA: guest.qgaPath },
  })
  await terminal.enter('qemu-vcpu watch')
  await terminal.sees('the guest runs 4 of 4')
  await plug(terminal, 10)
  await terminal.press('o')
  await terminal.sees('Turn on CPU 4 of the guest? y/n')
  await terminal.press('y')
  await terminal.sees('+10:4')
  await plug(terminal, 5)
  await terminal.sees('!5:5')
  await terminal.press('o')
  await terminal.sees('Turn on CPU 5 of the guest? y/n')
  await keep('docs/watch.svg', terminalSvg(await terminal.inks(), 84))
  await terminal.press('n', 'q')
}

/** Move to a vCPU and plug it. */
async function plug(terminal: TmuxTerminal, id: number): Promise<void> {
  await terminal.press('g', ...Array<string>(id).fill('Right'), 'p')
  await terminal.sees(`Plug vCPU ${String(id)}? y/n`)
  await terminal.press('y')
  await terminal.sees(new RegExp(`!${String(id)}:\\d`))
}

/** A pseries guest, whose cores of eight threads are plugged as one, in the middle of a scale in another window. */
async function pseries(): Promise<void> {
  const qemu = await resolveQemu('11', 'ppc64', say)
  const image = await ensureGuestImage({ arch: 'ppc64le', kernel: '6.1' }, say)
  const folder = await mkdtemp(join(tmpdir(), 'vcpu-screens-'))
  const second = join(folder, 'second.sock')
  // A monitor for each window: the scale has one for as long as it runs.
  const extraArgs = ['-qmp', `unix:${second},server=on,wait=off`]
  try {
    await using guest = await bootGuest({ qemu, image, smp: '8,sockets=1,cores=8,threads=8,maxcpus=64', extraArgs })
    const env = { QEMU_VCPU_QMP: guest.qmpPath, QEMU_VCPU_QGA: guest.qgaPath }
    await using terminal = await openTerminal({ columns: 100, rows: 30, env })
    await using other = await openTerminal({ env: { QEMU_VCPU_QMP: second } })
    await terminal.enter('qemu-vcpu watch')
    await terminal.sees('the guest runs 8')
    await other.enter('qemu-vcpu scale 48 && qemu-vcpu scale 16; echo "status $?"')
    await terminal.sees(/^(32|40) of 64 plugged/)
    await keepScreen('pseries-scale', terminal)
    await other.sees('status 0')
    await terminal.sees(/^16 of 64 plugged/)
    await keepScreen('pseries-scaled', terminal)
    await terminal.press('q')
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** The page of the daemon, after a refusal. */
async function page(): Promise<void> {
  await using all = await openDaemonPage()
  const { page, vms } = all
  for (const [vm, id, seen] of [
    ['stopped', 5, '3 of 8 plugged, 3 running'],
    ['web', 4, '5 of 9 plugged, 3 running'],
    ['database', 3, '(partial)'],
  ] as const) {
    await page.locator(`section[data-vm=${vm}] button[data-id="${String(id)}"]:enabled`).click()
    await page.waitForFunction(`document.body.textContent.includes(${JSON.stringify(seen)})`)
  }
  vms['stopped']?.kill()
  await page.waitForSelector('section.lost')
  await page.screenshot({ path: inRepository('docs/screens/http-daemon.png'), type: 'png' })
  say('docs/screens/http-daemon.png')
}

/** 255 slots on a usual terminal, on a large one, and on one of 20 columns. */
async function slots(): Promise<void> {
  const qemu = await everydayQemu(say)
  const image = await ensureGuestImage({ arch: 'x86_64', kernel: '6.1' }, say)
  await using guest = await bootGuest({ qemu, image, smp: '2,maxcpus=255' })
  await using terminal = await openTerminal({ env: { QEMU_VCPU_QMP: guest.qmpPath, QEMU_VCPU_QGA: guest.qgaPath } })
  await terminal.enter('qemu-vcpu set 7,100,254 on --guest; qemu-vcpu set 200 on; clear; qemu-vcpu watch')
  await terminal.sees('the guest runs 5')
  await keepScreen('255-slots', terminal)
  for (const [name, columns, rows] of [
    ['255-slots-large', 132, 50],
    ['20-columns', 20, 24],
  ] as const) {
    await terminal.resize(columns, rows)
    await terminal.sees(columns === 20 ? 'hjkl' : '.253')
    await keepScreen(name, terminal)
  }
  await terminal.press('q')
}

async function keepScreen(name: string, terminal: TmuxTerminal): Promise<void> {
  const lines = await terminal.lines()
  await keep(`docs/screens/${name}.txt`, `${lines.join('\n').trimEnd()}\n`)
}

async function keep(path: string, text: string): Promise<void> {
  await mkdir(inRepository('docs/screens'), { recursive: true })
  await writeFile(inRepository(path), text)
  say(path)
}

function say(line: string): void {
  console.log(line)
}
