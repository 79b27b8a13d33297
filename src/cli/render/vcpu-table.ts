import { CpuMap, printable, type Vcpu } from '../../index.ts'
import type { Paint } from './style.ts'
import { renderTable, type Cell, type Column } from './table.ts'
import { topologyText } from './topology.ts'

interface VcpuColumn extends Column {
  readonly cell: (vcpu: Vcpu) => Cell
}

const NONE: Cell = { text: '-', ink: 'dim' }

const ID: VcpuColumn = { title: 'vCPU', align: 'right', cell: ({ id }) => ({ text: String(id) }) }
const STATE: VcpuColumn = { title: 'state', cell: stateCell }
const SLOT: VcpuColumn = { title: 'slot', cell: ({ slot }) => ({ text: String(CpuMap.from(slot)) }) }
const DEVICE: VcpuColumn = { title: 'device', cell: ({ deviceId }) => textCell(deviceId) }
const TOPOLOGY: VcpuColumn = { title: 'topology', cell: ({ props }) => ({ text: topologyText(props) }) }
const THREAD: VcpuColumn = {
  title: 'host thread',
  align: 'right',
  cell: ({ hostThreadId }) => textCell(hostThreadId === null ? null : String(hostThreadId)),
}
const GUEST: VcpuColumn = { title: 'guest CPU', cell: guestCell }
const QOM_PATH: VcpuColumn = { title: 'QOM path', cell: ({ qomPath }) => textCell(qomPath) }

/**
 * One row for each vCPU.
 *
 * @param hasAgent - was the guest asked? If not, there is no column for it
 */
export function renderVcpus(vcpus: readonly Vcpu[], hasAgent: boolean, paint: Paint): string {
  const hasLargeSlots = vcpus.some(({ slot }) => slot.length > 1)
  const columns = [
    ID,
    STATE,
    ...(hasLargeSlots ? [SLOT] : []),
    DEVICE,
    TOPOLOGY,
    THREAD,
    ...(hasAgent ? [GUEST] : []),
    QOM_PATH,
  ]
  const rows = vcpus.map((vcpu) => columns.map(({ cell }) => cell(vcpu)))
  return renderTable(columns, rows, paint)
}

function textCell(text: string | null): Cell {
  return text === null ? NONE : { text: printable(text) }
}

function stateCell({ online, offlinable }: Vcpu): Cell {
  if (!online) return { text: 'free', ink: 'dim' }
  return offlinable ? { text: 'plugged', ink: 'green' } : { text: 'plugged, fixed', ink: 'bold' }
}

/** The guest's id and state; how it is known that this is the one, where the guest does not say so itself. */
function guestCell({ online, guest }: Vcpu): Cell {
  if (guest === null) return online ? { text: 'none', ink: 'alarm' } : NONE
  if (guest.id === null) return { text: 'not known', ink: 'alarm' }
  const confidence = guest.confidence === 'exact' ? '' : ` (${guest.confidence})`
  const text = `${guest.id} ${guest.online ? 'on' : 'off'}${confidence}`
  return guest.online || !online ? { text } : { text, ink: 'alarm' }
}
