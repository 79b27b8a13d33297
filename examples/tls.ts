// QEMU's monitor over TLS, with a certificate on each side: an endpoint is a function that dials.
//   -object tls-creds-x509,id=tls0,dir=/etc/pki/qemu,endpoint=server,verify-peer=on
//   -chardev socket,id=mon0,host=0.0.0.0,port=4444,server=on,wait=off,tls-creds=tls0 -mon chardev=mon0,mode=control
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { Domain } from 'qemu-vcpu'

/** How long QEMU may be silent until it greets, in milliseconds. */
const GREETING_MS = 5_000

export async function onlineOverTls(options: ConnectionOptions): Promise<string> {
  await using vm = await Domain.connect({ qmp: overTls(options) })
  return String(await vm.getVcpuMap())
}

/** @param options - `host`, `port`, `ca` (who has signed QEMU's certificate), `cert` and `key` (this client's) */
export function overTls(options: ConnectionOptions): () => Promise<TLSSocket> {
  return () =>
    new Promise((resolve, reject) => {
      const socket = connect(options)
      // QEMU's certificate is verified by Node: what is wrong with it comes as an error, in words.
      socket.on('error', reject)
      socket.setTimeout(GREETING_MS, () => {
        socket.destroy(new Error(`QEMU is silent for ${GREETING_MS} ms: another client may hold the monitor`))
      })
      // Whether QEMU accepts this client's certificate is not known when the handshake is over. It greets, or it closes.
      socket.once('readable', () => {
        if (socket.readableLength === 0) {
          socket.destroy(
            new Error(`QEMU closed the connection and did not greet: does it accept ${certificateOf(socket)}?`),
          )
          return
        }
        socket.setTimeout(0)
        socket.off('error', reject)
        resolve(socket)
      })
    })
}

function certificateOf(socket: TLSSocket): string {
  const certificate = socket.getCertificate()
  if (certificate === null || !('valid_to' in certificate)) return 'a client without a certificate'
  return `the certificate of ${String(certificate.subject.CN)}, valid to ${certificate.valid_to}`
}
