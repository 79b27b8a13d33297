// The rooms of src/ and the one direction in which imports may point. ARCHITECTURE.md draws the same picture.
const room = (name) => `^src/${name}/`
/** Of the rooms of src/, `name` imports itself and `others` alone. */
const only = (name, others, comment) => ({
  name: `${name}-imports-${others === '' ? 'no-other-room' : others.replaceAll('|', '-')}`,
  severity: 'error',
  comment,
  from: { path: room(name) },
  to: { path: '^src/', pathNot: others === '' ? room(name) : `^src/(${name}|${others})/` },
})

/** The floors of src/domain, the lowest first: no file imports one of a floor above its own. */
const floors = (names) =>
  names.slice(0, -1).map((floor, at) => ({
    name: `domain-floor-${floor[0]}`,
    severity: 'error',
    comment: 'inside src/domain no import runs back up',
    from: { path: onFloor(floor) },
    to: { path: onFloor(names.slice(at + 1).flat()) },
  }))
const onFloor = (names) => `^src/domain/(${names.join('|')})(/|\\.ts$)`

export default {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    only('errors', '', 'the errors are below everything'),
    only('bitmap', 'errors', 'src/bitmap is pure: beside itself it knows the errors only'),
    only('wire', 'errors', 'src/wire knows neither protocol nor machine'),
    only('qmp', 'wire|bitmap|errors', 'the two protocols never import each other'),
    only('qga', 'wire|bitmap|errors', 'the two protocols never import each other'),
    only('domain', 'qmp|qga|wire|bitmap|errors', 'src/domain is below the command and the simulations'),
    {
      name: 'testing-imports-executors',
      severity: 'error',
      comment: 'the simulations know the wire, the machine and what an executor is, and not the code that they test',
      from: { path: room('testing') },
      to: {
        path: '^src/',
        pathNot: ['^src/(testing|wire|bitmap|errors)/', '^src/(qmp|qga)/(executor|events)\\.ts$'],
      },
    },
    {
      name: 'pure-rooms',
      severity: 'error',
      comment: 'nothing of Node either',
      from: { path: '^src/(errors|bitmap)/' },
      to: { pathNot: '^src/' },
    },
    {
      name: 'set-below-machine',
      severity: 'error',
      comment: 'sets of ids know no machine',
      from: { path: '^src/bitmap/set/' },
      to: { path: '^src/bitmap/machine/' },
    },
    {
      name: 'domain-sees-executors',
      severity: 'error',
      comment: 'of the protocols src/domain knows the executors, the typed commands over them, and the events',
      from: { path: room('domain'), pathNot: '^src/domain/domain\\.ts$' },
      to: {
        path: '^src/(qmp|qga)/',
        pathNot: '^src/(qmp/(executor|commands|properties|events)|qga/(executor|commands|read-files?|set-vcpus))\\.ts$',
      },
    },
    {
      name: 'domain-reaches-peers',
      severity: 'error',
      comment: 'domain.ts alone has the executors made, by the clients that connect again',
      from: { path: '^src/domain/domain\\.ts$' },
      to: { path: '^src/(qmp|qga)/', pathNot: '^src/(qmp|qga)/(executor|reconnecting-client)\\.ts$' },
    },
    {
      name: 'domain-sees-no-bytes',
      severity: 'error',
      comment: 'lines, envelopes and unchecked replies end in the protocols',
      from: { path: room('domain') },
      to: { path: '^src/wire/(socket|line-\\w+|message|envelope|pending-calls|decode)\\.ts$' },
    },
    ...floors([
      ['results', 'errors', 'limits', 'telemetry'],
      ['vm', 'check-input'],
      ['guest'],
      ['change'],
      ['scale', 'doctor'],
      ['layout'],
      ['domain'],
    ]),
    {
      name: 'cli-imports-the-public-index',
      severity: 'error',
      comment: 'the command is a user of the package like any other',
      from: { path: room('cli') },
      to: { path: '^src/', pathNot: '^src/(cli/|index\\.ts$|testing/index\\.ts$)' },
    },
    {
      name: 'only-sim-simulates',
      severity: 'error',
      comment: 'a command that works on a real VM loads no simulation',
      from: { path: room('cli'), pathNot: '^src/cli/(runs/sim\\.ts$|sim/)' },
      to: { path: ['^src/testing/', '^src/cli/sim/'] },
    },
    {
      name: 'schema-is-pure',
      comment: 'a schema is read from a value: ask.ts and saved.ts get it',
      severity: 'error',
      from: { path: '^src/cli/schema/', pathNot: '^src/cli/schema/(ask|saved)\\.ts$' },
      to: { pathNot: ['^src/index\\.ts$', '^src/cli/schema/(?!ask|saved)'] },
    },
    {
      name: 'two-files-import-net',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/wire/(socket|listen)\\.ts$' },
      to: { path: '^(node:)?(net|tls)$', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-runtime-package',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'src-not-tests',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|packages|scripts|examples|bench)/' },
    },
    {
      name: 'guest-kit-stands-alone',
      severity: 'error',
      comment: 'what the package is measured with must be able to contradict it',
      from: { path: '^packages/guest-kit/' },
      to: { path: '^(src|test|scripts|examples|bench)/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.mjs', '.js'] },
  },
}
