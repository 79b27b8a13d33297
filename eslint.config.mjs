import eslint from '@eslint/js'
import tseslint from 'typescript-eslint'

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'fixtures/', 'node_modules/', '.stryker-tmp/', 'reports/', '.cache/'] },
  eslint.configs.recommended,
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: Object.fromEntries(
        ['process', 'console', 'URL', 'Buffer', 'setTimeout'].map((name) => [name, 'readonly']),
      ),
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // An aborted call rejects with the caller's own signal.reason, which may be anything.
      '@typescript-eslint/prefer-promise-reject-errors': [
        'error',
        { allowThrowingAny: true, allowThrowingUnknown: true },
      ],
      // An overload for this package alone (@internal) has a comment of its own.
      // Files that `qemu-vcpu typegen` makes give these their members, by declaration merging.
      '@typescript-eslint/no-empty-object-type': [
        'error',
        { allowWithName: '^(QmpSchema(Commands|Events)|QgaListedCommands)$' },
      ],
      '@typescript-eslint/unified-signatures': ['error', { ignoreOverloadsWithDifferentJSDoc: true }],
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: ['{src,scripts,packages}/**/*.ts'],
    rules: {
      // Not even with void: where a promise is not awaited, wire/background.ts says why it cannot fail, or where its failure goes.
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: false }],
      '@typescript-eslint/no-misused-promises': 'error',
    },
  },
  {
    files: ['src/domain/**/*.ts', 'src/cli/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[callee.property.name='execute']",
          message: 'Replies are checked in qmp/commands.ts and qga/commands.ts: use callQmp or callQga.',
        },
      ],
    },
  },
  {
    // And test/support/no-real-time.ts fails the test in which a timer of less than 5 s is set.
    files: ['test/{unit,stories,regressions,fuzz}/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            "CallExpression[callee.object.name='expect'][callee.property.name='poll'], CallExpression[callee.object.name='vi'][callee.property.name=/^wait/]",
          message: 'Real time: wait in virtual time with until() of test/support/passing-clock.ts.',
        },
        {
          selector:
            "ImportDeclaration[source.value=/timers.promises$/], CallExpression[callee.object.name='AbortSignal'][callee.property.name='timeout']",
          message: 'Real time: use the clock of test/support/passing-clock.ts.',
        },
      ],
    },
  },
  {
    // Tests and scripts talk to people and build odd input on purpose.
    files: ['test/**/*.ts', 'packages/**/*.ts', 'scripts/**/*.ts', 'examples/**/*.ts', 'bench/**/*.ts'],
    rules: { 'no-console': 'off', '@typescript-eslint/explicit-module-boundary-types': 'off' },
  },
)
