import { InputError, quote, type SocketAddress } from '../index.ts'

const HOST_AND_PORT = /^(.*):(\d+)$/s
const BRACKETED = /^\[([^\]]*)\]$/

/**
 * Reads `PATH|HOST:PORT`. Whatever has a `/`, or does not end in a port, is a path; an IPv6 host stands in brackets, as in
 * `[::1]:4444`. What begins with `unix:`, `tcp:` or `telnet:` is left as it is. Whether such
 * a socket can be is for the one who dials it to say.
 *
 * @throws {@link InputError} `ERR_ADDRESS` for a port without a host, a host with a colon and no port, or an IPv6 host without its brackets
 */
export function parseAddress(text: string): SocketAddress {
  // QEMU's own spellings: the library reads them.
  if (/^(unix|tcp|telnet):/.test(text)) return text
  const match = text.includes('/') ? null : HOST_AND_PORT.exec(text)
  if (match === null) {
    if (/^[^/]*:$/.test(text)) throw badAddress(text, 'a port stands after the host, as in localhost:4444')
    return text
  }
  const [, given = '', port = ''] = match
  const host = BRACKETED.exec(given)?.[1] ?? given
  if (host === '') throw badAddress(text, 'a host stands before the port, as in localhost:4444')
  if (host === given && host.includes(':')) throw badAddress(text, 'an IPv6 host stands in brackets, as in [::1]:4444')
  return { host, port: Number(port) }
}

function badAddress(text: string, form: string): InputError {
  return new InputError('ERR_ADDRESS', `${quote(text)} is not an address: ${form}; a path of that name is ./${text}`)
}
