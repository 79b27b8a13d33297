import type { OptionHelp } from './verb.ts'
import { VERBS } from './verbs/index.ts'

/** The options that every verb takes. */
export const COMMON_OPTIONS: Readonly<Record<string, OptionHelp>> = {
  qmp: { type: 'string', value: 'PATH|HOST:PORT', help: "where QEMU's monitor (QMP) listens" },
  via: {
    type: 'string',
    value: 'COMMAND',
    help: 'instead of --qmp: a program whose stdin and stdout are the monitor',
  },
  qga: { type: 'string', value: 'PATH|HOST:PORT', help: "where the guest agent's channel listens" },
  timeout: { type: 'string', value: 'MS', help: 'longest wait, to connect and again for the rest' },
  json: { type: 'boolean', help: 'print one JSON document, also for a failure' },
}

/** The options that are asked instead of a verb. */
export const QUESTIONS: Readonly<Record<string, OptionHelp>> = {
  help: { type: 'boolean', help: "print this, or with a verb the verb's help" },
  version: { type: 'boolean', help: "print this command's version" },
}

/** Every option that there is, whichever verb it belongs to. */
export const ALL_OPTIONS: Readonly<Record<string, OptionHelp>> = {
  ...COMMON_OPTIONS,
  ...QUESTIONS,
  ...Object.fromEntries(VERBS.flatMap(({ options }) => Object.entries(options))),
}
