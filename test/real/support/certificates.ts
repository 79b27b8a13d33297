import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runToEnd } from './network-namespace.ts'

/** A certificate and its key, as PEM. */
export interface Credentials {
  readonly cert: Buffer
  readonly key: Buffer
}

/** What a certificate is for. */
export interface Leaf {
  readonly name: string
  /** The name of the authority that signs it. */
  readonly by: string
  readonly usage: 'serverAuth' | 'clientAuth'
  /** From now; negative for one that has expired. */
  readonly days: number
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** Certificates in a directory, made with `openssl`. */
export class Certificates {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  /** Make an authority. */
  async authority(name: string): Promise<Buffer> {
    const extensions = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign']
    const args = ['req', '-x509', ...NEW_KEY, '-keyout', `${name}.key`, '-out', `${name}.crt`, '-subj', `/CN=${name}`]
    await this.#openssl(...args, '-days', '30', ...extensions.flatMap((extension) => ['-addext', extension]))
    return this.#read(`${name}.crt`)
  }

  /** Make a certificate that an authority has signed. */
  async leaf({ name, by, usage, days }: Leaf): Promise<Credentials> {
    await writeFile(
      join(this.#directory, `${name}.ext`),
      `keyUsage=critical,digitalSignature\nextendedKeyUsage=${usage}\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n`,
    )
    await this.#openssl('req', ...NEW_KEY, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
    const signed = ['x509', '-req', '-in', `${name}.csr`, '-CA', `${by}.crt`, '-CAkey', `${by}.key`, '-CAcreateserial']
    await this.#openssl(...signed, '-days', String(days), '-extfile', `${name}.ext`, '-out', `${name}.crt`)
    return { cert: await this.#read(`${name}.crt`), key: await this.#read(`${name}.key`) }
  }

  /** A directory of an authority and a server's credentials, by the names that QEMU looks for. */
  async forQemu(authority: string, server: string): Promise<string> {
    const directory = join(this.#directory, 'qemu')
    await mkdir(directory)
    const names = {
      'ca-cert.pem': `${authority}.crt`,
      'server-cert.pem': `${server}.crt`,
      'server-key.pem': `${server}.key`,
    }
    for (const [to, from] of Object.entries(names)) await copyFile(join(this.#directory, from), join(directory, to))
    return directory
  }

  #read(name: string): Promise<Buffer> {
    return readFile(join(this.#directory, name))
  }

  async #openssl(...args: readonly string[]): Promise<void> {
    const { status, output } = await runToEnd(['openssl', ...args], this.#directory)
    if (status === 0) return
    const advice = status === null ? 'install the package openssl' : 'is it openssl 3?'
    throw new Error(`openssl ${args[0] ?? ''}: ${output.trim()} (${advice})`)
  }
}
