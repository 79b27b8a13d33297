// What `qm set ID --vcpus N` does to the running VM, in ten lines: plug the lowest free vCPU until N are plugged, or unplug the
// highest, each with the device id that Proxmox VE gives it (cpu2, cpu3, …), so that `qm` finds it later.
//
// This monitor is shared. pvestatd connects to it every few seconds and `qm` for each command, QEMU takes one client at a
// time, and while this one is connected both wait: hence it connects for this one change and is gone. It does not write N into
// the VM's configuration. Until that says N too, the next `qm set ID --vcpus` ends with "vcpus in running vm does not match its
// configuration". docs/libvirt-and-proxmox.md says what else Proxmox VE keeps account of.
import { Domain, type CpuMap, type DomainOptions } from 'qemu-vcpu'

export async function qmSetVcpus(vmid: number, count: number, options: DomainOptions = {}): Promise<CpuMap> {
  await using vm = await Domain.connect({ qmp: `/var/run/qemu-server/${vmid}.qmp`, ...options })
  const { size } = await vm.getVcpuMap()
  for (let id = size; id < count; id++) await vm.setVcpuState(id, true, { deviceId: `cpu${id + 1}` })
  for (let id = size - 1; id >= count; id--) await vm.setVcpuState(id, false)
  return await vm.getVcpuMap()
}
