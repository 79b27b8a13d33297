#!/usr/bin/env node
import { isatty } from 'node:tty'
import { EXIT } from './exit-code.ts'
import { runCli } from './main.ts'
import { hasTerminal, holdTerminal } from './terminal.ts'

const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Once: whoever sends it again does not want to wait for a tidy end.
  process.once(signal, () => {
    interruption.abort()
  })
}

// `qemu-vcpu list | head` is not a failure: its reader has read enough. A full disk is one. In both cases a change that has
// begun goes on.
const unread = new AbortController()
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  unread.abort()
  if (error.code === 'EPIPE') return
  process.stderr.write(`qemu-vcpu: the output cannot be written: ${error.code ?? 'unknown error'}\n`)
  process.once('exit', () => {
    if (process.exitCode === EXIT.done) process.exitCode = EXIT.failed
  })
})
// There is nowhere left to report it.
process.stderr.on('error', () => undefined)

process.exitCode = await runCli(process.argv.slice(2), {
  stdout: (text) => {
    process.stdout.write(text)
  },
  stderr: (text) => {
    process.stderr.write(text)
  },
  env: process.env,
  isTerminal: isatty(process.stdout.fd),
  stderrIsTerminal: isatty(process.stderr.fd),
  // Asked anew each time: a window may change its size.
  get columns() {
    return process.stdout.columns
  },
  get rows() {
    return process.stdout.rows
  },
  ...(hasTerminal() ? { holdTerminal } : {}),
  signal: interruption.signal,
  unread: unread.signal,
})
