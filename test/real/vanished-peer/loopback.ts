import { execFileSync } from 'node:child_process'

/** The loopback device of a network namespace of one's own: while it is down every packet vanishes, and no FIN or RST goes by. */
export const loopback = {
  up: (): void => {
    execFileSync('ip', ['link', 'set', 'lo', 'up'])
  },
  down: (): void => {
    execFileSync('ip', ['link', 'set', 'lo', 'down'])
  },
}
