import { ConnectionError } from '../errors/peer-errors.ts'
import { foreignText } from '../errors/quote.ts'
import { Field } from '../wire/decode.ts'
import { own, parseMessage, type MessageLimits } from '../wire/message.ts'
import { decodeVersion, type QemuVersion } from './commands.ts'

/** What a monitor says first. */
export interface QmpGreeting {
  readonly version: QemuVersion
  /** What the monitor offers to negotiate, for example `oob`. */
  readonly capabilities: readonly string[]
}

const latin1 = new TextDecoder('latin1')

/**
 * Read the first line of a monitor.
 *
 * @throws {@link ConnectionError} `ERR_NOT_QMP` when it is not a QMP greeting
 */
export function decodeGreeting(line: Uint8Array, where: string, limits?: MessageLimits): QmpGreeting {
  try {
    const greeting = new Field('QMP', own(parseMessage(line, limits), 'QMP'))
    return {
      version: decodeVersion(greeting.at('version')),
      // The schema lets QEMU add capabilities of any shape; those that are not names are not ours to ask for.
      capabilities: greeting
        .at('capabilities')
        .array()
        .flatMap(({ value }) => (typeof value === 'string' ? [value] : [])),
    }
  } catch (cause) {
    const said = foreignText(latin1.decode(line.subarray(0, 200)), 80)
    throw new ConnectionError('ERR_NOT_QMP', `${where} is not a QMP monitor: it greets with "${said}"`, { cause })
  }
}
