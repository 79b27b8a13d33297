import { InputError } from '../../errors/input-error.ts'
import { quote } from '../../errors/quote.ts'
import { badCpuId, isCpuId } from './cpu-id.ts'
import { addRange, idsOf, removeRange, trimWords, type Words } from './words.ts'

/** Longer than any list needs to be: every id there is, one by one, takes 382,105 characters. */
const MAX_LIST_CHARS = 524_288

const ELEMENT = /^(\^?)(\d+)(?:-(\d+))?$/

/**
 * Reads `'0-1,5'`, the list form of Linux and virsh. `^8` and `^2-4` remove what the elements before them put in; what
 * was not there may be excluded too. White space around the whole text is ignored (a sysfs file ends in a newline).
 *
 * @throws {@link InputError} `ERR_CPU_LIST` when an element is not of that form, `ERR_CPU_ID` when an id is too large.
 */
export function parseCpuList(text: string): Words {
  if (text.length > MAX_LIST_CHARS) throw badList(text, `a CPU list has at most ${MAX_LIST_CHARS} characters`)
  const list = text.trim()
  const words: number[] = []
  if (list === '') return words
  for (const element of list.split(',')) applyElement(words, element)
  return trimWords(words)
}

function applyElement(words: number[], element: string): void {
  const match = ELEMENT.exec(element)
  if (match === null) throw badList(element, "a CPU list is made of ids, ranges and exclusions, as in '0-15,20,^8'")
  const first = readId(element, match[2])
  const last = match[3] === undefined ? first : readId(element, match[3])
  if (last < first) throw badList(element, "a range begins with its smaller id, as in '3-5'")
  if (match[1] === '') addRange(words, first, last)
  else removeRange(words, first, last)
}

function readId(element: string, digits: string | undefined): number {
  const id = Number(digits)
  if (!isCpuId(id)) throw badCpuId(element)
  return id
}

function badList(given: string, form: string): InputError {
  return new InputError('ERR_CPU_LIST', `${quote(given)} is not a CPU list: ${form}`)
}

/** Writes `'0-1,5'`: ascending, every run of two or more ids as a range, `''` for no id at all. */
export function formatCpuList(words: Words): string {
  const runs: string[] = []
  let first = -1
  let last = -1
  for (const id of idsOf(words)) {
    if (id !== last + 1 || first < 0) {
      if (first >= 0) runs.push(formatRun(first, last))
      first = id
    }
    last = id
  }
  if (first >= 0) runs.push(formatRun(first, last))
  return runs.join(',')
}

function formatRun(first: number, last: number): string {
  return first === last ? String(first) : `${first}-${last}`
}
