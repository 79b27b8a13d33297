import { expect } from 'vitest'
import type { CliRun } from '../../support/run-command.ts'

/** How a failure is to be told. */
export interface ExpectedFailure {
  readonly exit: number
  readonly code: string
  readonly outcome: string
  readonly message: RegExp
  /** What else scripts are told. */
  readonly details?: object
}

/** Reads the one JSON document of a run with `--json`; fails where stdout holds anything else. */
export function documentOf(run: CliRun): unknown {
  expect(run.stdout).toMatch(/^\{.*\}\n$/)
  return JSON.parse(run.stdout)
}

/** Checks a failed run without `--json`: nothing on stdout, one line on stderr. */
export function expectToldToPeople(run: CliRun, expected: ExpectedFailure): void {
  expect(run).toMatchObject({ code: expected.exit, stdout: '' })
  expectOneLine(run, expected)
}

/** Checks a failed run with `--json`: one document on stdout, one line on stderr. */
export function expectToldToScripts(run: CliRun, expected: ExpectedFailure): void {
  const { code, outcome, message } = expected
  expect(run.code).toBe(expected.exit)
  // toStrictEqual: nothing beside it, `outcome` always there.
  expect(documentOf(run)).toStrictEqual({
    error: { code, message: expect.stringMatching(message) as unknown, outcome, ...expected.details },
  })
  expectOneLine(run, expected)
}

function expectOneLine({ stderr }: CliRun, { message }: ExpectedFailure): void {
  expect(stderr).toMatch(/^qemu-vcpu: [^\n]+\n$/)
  expect(stderr).toMatch(message)
}
