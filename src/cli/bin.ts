#!/usr/bin/env node
import { isatty } from 'node:tty'
import { runCli } from './main.ts'

const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Once: whoever sends it again does not want to wait for a tidy end.
  process.once(signal, () => {
    interruption.abort()
  })
}

// `qemu-vcpu list | head` is no failure: its reader has read enough. A change that has begun goes on without readers.
const unread = new AbortController()
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    if (stream === process.stdout) unread.abort()
  })
}

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
  signal: interruption.signal,
  unread: unread.signal,
})
