// The rooms of src/ and the one direction in which imports may point. ARCHITECTURE.md draws the same picture.
const room = (name) => `^src/${name}/`
const forbid = (from, to, comment) => ({
  name: `${from}-not-${to}`,
  severity: 'error',
  comment,
  from: { path: room(from) },
  to: { path: room(to) },
})

export default {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'errors-imports-nothing',
      severity: 'error',
      from: { path: room('errors') },
      to: { pathNot: room('errors') },
    },
    {
      name: 'bitmap-imports-errors',
      severity: 'error',
      comment: 'src/bitmap is pure: beside itself it knows the errors only',
      from: { path: room('bitmap') },
      to: { pathNot: '^src/(bitmap|errors)/' },
    },
    {
      name: 'set-below-machine',
      severity: 'error',
      comment: 'sets of ids know no machine',
      from: { path: '^src/bitmap/set/' },
      to: { path: '^src/bitmap/machine/' },
    },
    {
      name: 'wire-below',
      severity: 'error',
      comment: 'src/wire knows neither protocol',
      from: { path: room('wire') },
      to: { path: '^src/(qmp|qga|domain|cli|testing)/' },
    },
    forbid('qmp', 'qga', 'the two protocols never import each other'),
    forbid('qga', 'qmp', 'the two protocols never import each other'),
    {
      name: 'protocols-below',
      severity: 'error',
      from: { path: '^src/(qmp|qga)/' },
      to: { path: '^src/(domain|cli|testing)/' },
    },
    {
      name: 'domain-knows-two-interfaces',
      severity: 'error',
      comment: 'whoever reaches a peer for it, the domain sees an executor',
      from: { path: room('domain') },
      to: { path: '^src/(qmp|qga)/(client|index)\\.ts$' },
    },
    { name: 'domain-below', severity: 'error', from: { path: room('domain') }, to: { path: '^src/(cli|testing)/' } },
    {
      name: 'cli-imports-the-public-index',
      severity: 'error',
      comment: 'the command is a user of the package like any other',
      from: { path: room('cli') },
      to: { path: '^src/', pathNot: '^src/(cli/|index\\.ts$)' },
    },
    { name: 'cli-on-top', severity: 'error', from: { path: room('testing') }, to: { path: room('cli') } },
    {
      name: 'one-file-imports-net',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/wire/socket\\.ts$' },
      to: { path: '^(node:)?(net|tls)$' },
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
