// Makes docs/errors.md, docs/limits.md and man/qemu-vcpu.1 again: `npm run pages`.
import { writeFile } from 'node:fs/promises'
import { codesInSource } from './errors-page/codes.ts'
import { errorsPage } from './errors-page/page.ts'
import { formatted, inRepository } from './formatted-page.ts'
import { limitsPage } from './limits-page/page.ts'
import { manPage } from './man-page/page.ts'

const errors = inRepository('docs/errors.md')
await writeFile(errors, await formatted(errors, errorsPage(await codesInSource())))
const limits = inRepository('docs/limits.md')
await writeFile(limits, await formatted(limits, limitsPage()))
await writeFile(inRepository('man/qemu-vcpu.1'), manPage())
