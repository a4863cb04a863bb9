/**
 * Lint rules: typed and strict, with no opinion on layout (prettier has that). What the house adds: the lower floors
 * are pure (time and chance are arguments), failures are faults or a Bug, and files stay small.
 */
import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

const ARGUMENT = 'Below src/node, time and chance are arguments.'
const EDGE = 'Only src/node touches the world.'

const impureGlobals = [
  ...['performance', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'crypto'].map((name) => ({
    name,
    message: ARGUMENT,
  })),
  ...['process', 'console', 'fetch', 'Buffer', 'globalThis', 'global'].map((name) => ({ name, message: EDGE })),
]

const impureProperties = [
  { object: 'Date', property: 'now', message: ARGUMENT },
  { object: 'Math', property: 'random', message: ARGUMENT },
]

const bareErrors = [
  {
    selector: ':matches(NewExpression, CallExpression)[callee.name=/^(Aggregate|Range|Syntax|Type)?Error$/]',
    message: 'Return a coded fault for wrong input; throw a Bug, or a named subclass of Error, for our own defects.',
  },
]

const hiddenClocks = [
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: ARGUMENT },
  { selector: "CallExpression[callee.name='Date']", message: ARGUMENT },
]

const hiddenChance = ['@noble/hashes/utils.js', '@noble/ciphers/utils.js', '@noble/curves/utils.js'].map((name) => ({
  name,
  importNames: ['randomBytes'],
  message: ARGUMENT,
}))

export default defineConfig(
  globalIgnores(['node_modules/', 'dist/', 'coverage/', 'docs/api/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    rules: {
      eqeqeq: 'error',
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'], location: 'anywhere' }],
      'no-var': 'error',
      'prefer-const': 'error',
      'object-shorthand': 'error',
    },
  },
  {
    files: ['src/**/*.ts', 'test/**/*.ts', '*.config.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      // Arrow shorthands that return void read well in event handlers.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    },
  },
  {
    // The compiler is strict there too; rules that need types would take as long as for all of src.
    files: ['apps/web/**/*.{ts,tsx}'],
    extends: [tseslint.configs.strict],
    rules: { 'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }] },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'no-restricted-syntax': ['error', ...bareErrors],
    },
  },
  {
    files: ['src/{dag,reputation,protocol}/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...impureGlobals],
      'no-restricted-properties': ['error', ...impureProperties],
      'no-restricted-imports': ['error', { paths: hiddenChance }],
      'no-restricted-syntax': ['error', ...bareErrors, ...hiddenClocks],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // Tests know more than the compiler about what they have just built.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Fakes implement asynchronous ports without waiting for anything.
      '@typescript-eslint/require-await': 'off',
      // Fakes have methods that do nothing on purpose.
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
)
