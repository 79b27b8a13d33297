import { readOrNothing } from './local-listener.ts'

/**
 * What a QEMU uses a UNIX socket for, by its command line: the name of the virtio-serial port behind it.
 *
 * @returns `undefined` where it is no such port, and where that does not show
 */
export async function serialPortAt(path: string, pid: number): Promise<string | undefined> {
  const argv = (await readOrNothing(`/proc/${pid}/cmdline`))?.split('\0') ?? []
  return serialPortIn(argv, path)
}

/** The same from the arguments themselves, in QEMU's usual spelling. */
export function serialPortIn(argv: readonly string[], path: string): string | undefined {
  const chardev = argv.map(optionsOf).find((options) => options.has('socket') && options.get('path') === path)
  const id = chardev?.get('id')
  if (id === undefined) return undefined
  const port = argv.map(optionsOf).find((options) => options.has('virtserialport') && options.get('chardev') === id)
  return port === undefined ? undefined : (port.get('name') ?? port.get('id') ?? 'without a name')
}

/** `socket,id=a,path=/b` as keys and values; QEMU doubles a comma that belongs to a value. */
function optionsOf(word: string): ReadonlyMap<string, string> {
  const parts = word.split(/(?<!,),(?!,)/).map((part) => part.replaceAll(',,', ','))
  return new Map(
    parts.map((part) => {
      const at = part.indexOf('=')
      return at === -1 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)]
    }),
  )
}
