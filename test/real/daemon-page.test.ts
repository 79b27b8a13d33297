// The page of examples/http-daemon in a headless Chromium: what it draws, that it follows, and what a click does. Every wait is for what the
// page shows, and has an end.
import { expect, test } from 'vitest'
import { HAS_BROWSER } from '../../scripts/screens/browser.ts'
import { HOSTILE_NAME, openDaemonPage, VIEW, type DaemonPage } from './support/daemon-page.ts'

// What runs in the page is text: the types of this repository are Node's, and not a browser's.
const sectionOf = (name: string): string =>
  `[...document.querySelectorAll('section')].find(({ dataset }) => dataset.vm === ${JSON.stringify(name)})`

/** The slots of a VM, each with its look: `0:0 runs fixed`, QEMU's id before the guest's. */
async function slotsOf({ page }: DaemonPage, name: string): Promise<unknown> {
  return page.evaluate(`[...${sectionOf(name)}.querySelectorAll('button')].map(
    ({ dataset, className, lastChild }) => dataset.id + ':' + lastChild.textContent + ' ' + className)`)
}

/** Resolves when a VM's card has this text. */
async function reads({ page }: DaemonPage, name: string, text: string): Promise<void> {
  await page.waitForFunction(`${sectionOf(name)}?.textContent.includes(${JSON.stringify(text)})`)
}

async function click({ page }: DaemonPage, name: string, id: number): Promise<void> {
  const button = await page.waitForSelector(`section[data-vm=${JSON.stringify(name)}] button[data-id="${id}"]:enabled`)
  await button?.click()
}

test.skipIf(!HAS_BROWSER)(
  'the page draws each VM, follows it, and acts on a click (only where there is a Chromium of npm: Linux on x86_64)',
  async () => {
    await using all = await openDaemonPage()
    const { page, vms } = all

    // Slots with holes, and both ids of each.
    await reads(all, 'web', '4 of 9 plugged, 2 running')
    expect(await slotsOf(all, 'web')).toEqual([
      '0:0 runs fixed',
      '1:1 runs',
      '2: free',
      '3:3 plugged',
      '4: free',
      '5:2 plugged',
      '6: free',
      '7: free',
      '8: free',
    ])
    await reads(all, 'power', '4 of 12 plugged')

    // A monitor that dies: what was seen last stays, and cannot be clicked.
    await reads(all, 'stopped', '2 of 8 plugged, 2 running')
    vms['stopped']?.kill()
    await reads(all, 'stopped', 'reconnecting')
    await page.waitForFunction(`document.querySelectorAll('section.lost button:disabled').length === 8`)

    // Another client's plug, without a reload.
    vms['web']?.other.plug(7)
    await reads(all, 'web', '5 of 9 plugged, 2 running')
    expect(await slotsOf(all, 'web')).toContain('7:4 plugged')

    // A click plugs, and the guest runs it; the next one unplugs it.
    await click(all, 'web', 2)
    await reads(all, 'web', '6 of 9 plugged, 3 running')
    expect(vms['web']?.truth().slots[2]?.vcpus[0]?.guest?.online).toBe(true)
    await click(all, 'web', 2)
    await reads(all, 'web', '5 of 9 plugged, 2 running')
    expect(vms['web']?.truth().slots[2]?.device).toBeUndefined()

    // A core of pseries is plugged as one.
    await click(all, 'power', 6)
    await reads(all, 'power', '8 of 12 plugged, 8 running')

    // A refusal is said, with its outcome.
    await click(all, 'database', 3)
    await reads(all, 'database', 'device in use by an application (_OST status 0x81)')
    await reads(all, 'database', '(partial)')
    expect(vms['database']?.truth().slots[3]?.device).toBeDefined()

    // What is code in a name is text, and what would turn the text is shown.
    await reads(all, HOSTILE_NAME, '<script>document.title=1</script> \\u{202e}gnp.exe')
    expect(await page.title()).toBe('vCPUs')
    expect(await page.$$('script')).toHaveLength(1)

    const picture = await page.screenshot({ type: 'png' })
    expect(Buffer.from(picture).subarray(1, 4).toString()).toBe('PNG')
    expect([16, 20].map((at) => Buffer.from(picture).readUInt32BE(at))).toEqual([VIEW.width, VIEW.height])
  },
)
