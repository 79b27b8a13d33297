import { readProperty } from '../../../qmp/properties.ts'
import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'

/** The secret that libvirt gives each QEMU at its start (libvirt's `qemuDomainGetMasterKeyAlias`). */
const LIBVIRT_KEY = '/objects/masterKey0'

/** Was the VM started by a daemon that keeps an account of its vCPUs? A change that it did not make leaves that wrong. */
export async function managedByLibvirt({ vm, deadline }: Facts): Promise<readonly Finding[]> {
  const type = await readProperty(vm.driver.qmp, LIBVIRT_KEY, 'type', deadline.options())
  if (type !== 'secret') return []
  return [
    {
      code: 'managed-by-libvirt',
      severity: 'warns',
      summary:
        'libvirt started this VM and counts its vCPUs: one that is plugged here is missing in its XML, is not pinned, and makes a migration fail',
      evidence: `qom-get ${LIBVIRT_KEY} type: ${type}`,
      advice: "read here; plug and unplug with 'virsh setvcpu' or 'virsh setvcpus'",
    },
  ]
}
