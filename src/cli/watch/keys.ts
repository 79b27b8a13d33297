/** What a key asks for. */
export type Key =
  'left' | 'right' | 'up' | 'down' | 'first' | 'last' | Action | 'yes' | 'no' | 'quit' | 'interrupt' | 'other'

/** What can be done to a vCPU. */
export type Action = 'plug' | 'unplug' | 'on' | 'off'

const ESCAPE = '\u001b'

/** What a terminal sends for each key; the arrows in both of their modes (xterm's ctlseqs, PC-Style Function Keys). */
const KEYS: ReadonlyMap<string, Key> = new Map<string, Key>([
  ...(['[', 'O'] as const).flatMap((prefix): [string, Key][] => [
    [`${ESCAPE}${prefix}A`, 'up'],
    [`${ESCAPE}${prefix}B`, 'down'],
    [`${ESCAPE}${prefix}C`, 'right'],
    [`${ESCAPE}${prefix}D`, 'left'],
    [`${ESCAPE}${prefix}H`, 'first'],
    [`${ESCAPE}${prefix}F`, 'last'],
  ]),
  [`${ESCAPE}[1~`, 'first'],
  [`${ESCAPE}[4~`, 'last'],
  ['h', 'left'],
  ['j', 'down'],
  ['k', 'up'],
  ['l', 'right'],
  ['g', 'first'],
  ['G', 'last'],
  ['p', 'plug'],
  ['u', 'unplug'],
  ['o', 'on'],
  ['f', 'off'],
  ['y', 'yes'],
  ['n', 'no'],
  [ESCAPE, 'no'],
  ['q', 'quit'],
  ['\u0003', 'interrupt'],
])

/** A control sequence, whatever it says, or one character. */
const TOKEN = new RegExp(`${ESCAPE}(?:\\[[0-?]*[ -/]*[@-~]|O[ -~])|[^]`, 'gu')

/** The keys in what a terminal has sent at once. */
export function keysIn(input: string): readonly Key[] {
  return (input.match(TOKEN) ?? []).map((token) => KEYS.get(token) ?? 'other')
}
