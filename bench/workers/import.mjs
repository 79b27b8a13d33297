// How long the first import of one module takes in a fresh process.
import { pathToFileURL } from 'node:url'
import { createRequire } from 'node:module'
import { answer, request } from './request.mjs'

const { specifier } = request()
const { resolve } = createRequire(`${process.env.BENCH_INSTALLED}/`)
const target = specifier.startsWith('node:') ? specifier : pathToFileURL(resolve(specifier)).href
const start = process.hrtime.bigint()
await import(target)
answer({ us: Number(process.hrtime.bigint() - start) / 1e3 })
