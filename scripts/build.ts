// npm run build: what is shipped, in dist/. One file for each entry point and one for each room of src/ behind them, so that
// a stack trace names the room; scripts/build/layout.ts says which.
import { bundleCode } from './build/code.ts'
import { bundleTypes } from './build/types.ts'
import { inRepository } from './formatted-page.ts'

const dist = inRepository('dist')
await bundleCode(dist)
await bundleTypes(dist)
