import type { Stage } from './stage.ts'

/** An id of the machine at hand. */
export function idOf({ slots }: Stage, any: number): number {
  return any % slots.flat().length
}

/** What happens to the VM beside what the domains ask for. */
export const acts: Readonly<Record<string, (stage: Stage, any: number) => void>> = {
  dropMonitor: ({ vm }) => {
    vm.dropMonitor()
  },
  holdMonitor: ({ vm }, any) => {
    vm.holdMonitor(100 * any)
  },
  dropAgent: ({ vm }) => {
    vm.dropAgent()
  },
  restartAgent: ({ vm }) => {
    vm.restartAgent()
  },
  stopAgent: ({ vm }) => {
    vm.stopAgent()
  },
  contAgent: ({ vm }) => {
    vm.contAgent()
  },
  reset: ({ vm }) => {
    vm.reset()
  },
  resetUnheard: ({ vm }) => {
    vm.reset({ heard: false })
  },
  kexec: ({ vm }) => {
    vm.kexec()
  },
  restart: ({ vm }, any) => {
    vm.restart({ downMs: 50 * any })
  },
  pause: ({ vm }) => {
    vm.pause()
  },
  resume: ({ vm }) => {
    vm.resume()
  },
  otherPlug: (stage, any) => {
    stage.vm.other.plug(idOf(stage, any))
  },
  otherUnplug: (stage, any) => {
    stage.vm.other.unplug(idOf(stage, any))
  },
  otherGuestOn: (stage, any) => {
    stage.vm.other.guestSet(idOf(stage, any), true)
  },
  otherGuestOff: (stage, any) => {
    stage.vm.other.guestSet(idOf(stage, any), false)
  },
}
