import { expect, onTestFinished, test } from 'vitest'
import { until } from '../support/passing-clock.ts'
import { startVm } from '../unit/cli/cli-vm.ts'
import { Seat } from '../unit/cli/watch-stage.ts'

// npm run fuzz: on a terminal of a few characters the question of `watch` did not fit, and a y carried it out unseen.
test.each([
  { columns: 5, rows: 2, isDone: false },
  { columns: 1, rows: 12, isDone: false },
  { columns: 5, rows: 4, isDone: true },
  { columns: 80, rows: 1, isDone: true },
])(
  'a yes on a screen of $columns columns and $rows rows is carried out: $isDone',
  async ({ columns, rows, isDone }) => {
    await using vm = startVm()
    const seat = new Seat(columns, rows)
    const run = seat.run(['watch', ...vm.both])
    onTestFinished(async () => {
      seat.interruption.abort()
      await run
    })
    await seat.waits()
    seat.press('gll')
    seat.press('p')
    seat.press('y')
    if (isDone) await until(() => vm.qemu.pluggedVcpus.includes(2))
    // Two looks later it would have been.
    for (let look = 0; look < 2; look++) await seat.second()
    await seat.waits()
    seat.press('q')
    expect(await run).toBe(0)
    expect(vm.qemu.commands.map(({ command }) => command).includes('device_add')).toBe(isDone)
  },
)
