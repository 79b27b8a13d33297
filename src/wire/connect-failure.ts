/** Why a socket could not be connected, in words for those who look after VMs; for any other code, Node's own words. */
export function connectFailure(cause: NodeJS.ErrnoException): string {
  switch (cause.code) {
    case 'ENOENT':
      return 'there is no such socket (is QEMU running?)'
    case 'ECONNREFUSED':
      return 'connection refused, nothing listens there (has QEMU ended?)'
    case 'EACCES':
    case 'EPERM':
      return 'permission denied'
    case 'ENOTSOCK':
      return 'that is not a socket'
    case 'EAGAIN':
      return 'other clients hold it and its queue is full (QEMU serves one client per socket)'
    default:
      return cause.message
  }
}
