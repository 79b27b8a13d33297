import type { Page } from 'puppeteer-core'
import { serve } from '../../../examples/http-daemon/daemon.ts'
import { launchBrowser } from '../../../scripts/screens/browser.ts'
import { SimulatedVm, type SimulatedVmOptions } from '../../../src/testing/index.ts'

/** A name that is code, and one that turns the direction of what follows. */
export const HOSTILE_NAME = '<script>document.title=1</script> \u202egnp.exe'

/** The size of the picture. */
export const VIEW = { width: 640, height: 715 }

/** What the page shows: a VM whose slots have holes, one that never unplugs, one that can be stopped, and two others. */
const VMS: Readonly<Record<string, SimulatedVmOptions>> = {
  web: { machine: { kind: 'x86', bootVcpus: 2, maxcpus: 9 } },
  database: { machine: { kind: 'x86', bootVcpus: 4, maxcpus: 8, sockets: 2 }, guest: { onUnplug: 'refuse' } },
  power: { machine: { kind: 'pseries', bootVcpus: 4, maxcpus: 12, threads: 4 } },
  stopped: { machine: { kind: 'x86', bootVcpus: 2, maxcpus: 8 } },
  [HOSTILE_NAME]: { machine: { kind: 'x86', bootVcpus: 1, maxcpus: 4 } },
}

/** The page of examples/http-daemon in a browser, and the VMs that it shows. */
export interface DaemonPage extends AsyncDisposable {
  readonly page: Page
  readonly vms: Readonly<Record<string, SimulatedVm>>
}

/** Start the daemon with several VMs, and open its page. */
export async function openDaemonPage(): Promise<DaemonPage> {
  const vms = Object.fromEntries(Object.entries(VMS).map(([name, options]) => [name, new SimulatedVm(options)]))
  // Holes: vCPUs 5 and 3 were plugged by another client, in that order, and vCPU 3 does not run.
  vms['web']?.other.plug(5)
  vms['web']?.other.plug(3)
  const options = Object.entries(vms).map(([name, { qmp, qga }]) => [name, { qmp, qga }] as const)
  const daemon = await serve(Object.fromEntries(options))
  try {
    const browser = await launchBrowser()
    try {
      const page = await browser.newPage()
      page.setDefaultTimeout(240_000)
      await page.setViewport(VIEW)
      await page.goto(daemon.url)
      return {
        page,
        vms,
        [Symbol.asyncDispose]: async () => {
          await browser.close()
          await daemon[Symbol.asyncDispose]()
        },
      }
    } catch (error) {
      await browser.close()
      throw error
    }
  } catch (error) {
    await daemon[Symbol.asyncDispose]()
    throw error
  }
}
