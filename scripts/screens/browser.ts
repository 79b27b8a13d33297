import { execFile } from 'node:child_process'
import { lchown, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import puppeteer, { type Browser } from 'puppeteer-core'
import { cacheDirectory, ensureEntry } from '../../packages/guest-kit/src/index.ts'
import { installPrograms } from '../package/packed.ts'

/** npm's package with a headless Chromium in it. Not a devDependency: it has 70 MB, and only the page needs it. */
const CHROMIUM = '@sparticuz/chromium'
const VERSION = '147.0.0'

/** It is made for this alone. */
export const HAS_BROWSER = process.platform === 'linux' && process.arch === 'x64'

/** It unpacks itself, with the libraries of the system that it was made for, into the folder for temporary files. */
const UNPACK = `import chromium from '${CHROMIUM}'; await chromium.executablePath()`
const UNPACKS_LIBRARIES = { AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${process.versions.node.split('.')[0] ?? ''}.x` }

/** Its own fonts and no others, so that a page looks the same on each machine. */
const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir prefix="relative">fonts</dir></fontconfig>
`

/** A headless Chromium from npm, unpacked into the cache. The caller closes it. */
export async function launchBrowser(): Promise<Browser> {
  const directory = await ensureEntry(`chromium-${VERSION}`, async (staging) => {
    const installed = join(cacheDirectory(), 'chromium-npm')
    await installPrograms(installed, { [CHROMIUM]: VERSION })
    // One that was interrupted would be taken for a whole one.
    await rm(staging, { recursive: true })
    await mkdir(staging, { mode: 0o700 })
    await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', UNPACK], {
      cwd: installed,
      env: { PATH: process.env['PATH'], TMPDIR: staging, ...UNPACKS_LIBRARIES },
    })
    await rm(installed, { recursive: true })
    await own(staging)
    await writeFile(join(staging, 'fonts', 'only-these.conf'), FONTS)
  })
  return puppeteer.launch({
    executablePath: join(directory, 'chromium'),
    headless: 'shell',
    // What it shows is served by the test itself, and root has no other way.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--font-render-hinting=none', '--disable-lcd-text'],
    env: {
      PATH: process.env['PATH'],
      FONTCONFIG_FILE: join(directory, 'fonts', 'only-these.conf'),
      LD_LIBRARY_PATH: join(directory, 'al2023', 'lib'),
    },
    timeout: 300_000,
    protocolTimeout: 300_000,
  })
}

/** As root it keeps the owner that the files had where they were packed. */
async function own(directory: string): Promise<void> {
  const [uid, gid] = [process.getuid?.(), process.getgid?.()]
  if (uid !== 0 || gid === undefined) return
  for (const name of await readdir(directory, { recursive: true })) await lchown(join(directory, name), uid, gid)
}
