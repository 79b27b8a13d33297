import { InputError } from '../../errors/input-error.ts'
import { quote } from '../../errors/quote.ts'
import { badCpuId, isCpuId } from './cpu-id.ts'
import { CARET, DASH, ListReader } from './list-reader.ts'
import { addRange, nextGap, nextId, removeRange, trimWords, type Words } from './words.ts'

/** Longer than any list needs to be: every id there is, one by one, takes 382,105 characters. */
const MAX_LIST_CHARS = 524_288

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
  const reader = new ListReader(list)
  while (!reader.isAtEnd) applyElement(words, reader)
  return trimWords(words)
}

function applyElement(words: number[], reader: ListReader): void {
  const start = reader.at
  const isExclusion = reader.skip(CARET)
  const first = reader.number()
  const last = reader.skip(DASH) ? reader.number() : first
  if (first < 0 || last < 0 || !reader.endElement()) {
    throw badList(reader.elementAt(start), "a CPU list is made of ids, ranges and exclusions, as in '0-15,20,^8'")
  }
  if (!isCpuId(first) || !isCpuId(last)) throw badCpuId(reader.elementAt(start))
  if (last < first) throw badList(reader.elementAt(start), "a range begins with its smaller id, as in '3-5'")
  if (isExclusion) removeRange(words, first, last)
  else addRange(words, first, last)
}

function badList(given: string, form: string): InputError {
  return new InputError('ERR_CPU_LIST', `${quote(given)} is not a CPU list: ${form}`)
}

/** Writes `'0-1,5'`: ascending, every run of two or more ids as a range, `''` for no id at all. */
export function formatCpuList(words: Words): string {
  let text = ''
  for (let first = nextId(words, 0); first >= 0;) {
    const end = nextGap(words, first)
    if (text !== '') text += ','
    text += end - first === 1 ? String(first) : `${first}-${end - 1}`
    first = nextId(words, end)
  }
  return text
}
