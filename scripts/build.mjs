// npm run build: what is shipped, in dist/. One file for each entry point and one for each room of src/ behind them, so that
// a stack trace names the room; scripts/build/layout.mjs says which. Plain JavaScript: npm pack of a clone runs it.
import { rmSync } from 'node:fs'
import { bundleCode } from './build/code.mjs'
import { bundleTypes } from './build/types.mjs'

rmSync('dist', { recursive: true, force: true })
await bundleCode()
await bundleTypes()
