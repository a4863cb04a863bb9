/**
 * Import rules: floors import one way (node → protocol → reputation → dag), the lower three are pure, nothing is
 * circular. `test/unit/audit/imports.test.ts` plants violations and fails if these rules stay silent.
 */
const PURE = '^src/(dag|reputation|protocol)/'

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'dag-stands-alone',
      comment: 'dag imports no other floor.',
      severity: 'error',
      from: { path: '^src/dag/' },
      to: { path: '^src/(reputation|protocol|node)/' },
    },
    {
      name: 'reputation-imports-dag-only',
      comment: 'reputation imports dag and no other floor.',
      severity: 'error',
      from: { path: '^src/reputation/' },
      to: { path: '^src/(protocol|node)/' },
    },
    {
      name: 'protocol-below-node',
      comment: 'protocol never names node.',
      severity: 'error',
      from: { path: '^src/protocol/' },
      to: { path: '^src/node/' },
    },
    {
      name: 'no-circular',
      comment: 'Cycles hide which file depends on which.',
      severity: 'error',
      from: { path: '^src' },
      to: { circular: true },
    },
    {
      name: 'pure-floors-no-builtins',
      comment: 'No sockets, files, timers or clock below node; two files in dag alone have builtins.',
      severity: 'error',
      from: { path: PURE, pathNot: '^src/dag/(crypto|native-ed25519)\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'dag-crypto-only-crypto',
      comment: 'dag/crypto.ts hashes and signs with node:crypto, and uses no other builtin.',
      severity: 'error',
      from: { path: '^src/dag/crypto\\.ts$' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'dag-native-only-crypto-and-module',
      comment: 'dag/native-ed25519.ts verifies with node:crypto, and loads an optional addon by node:module.',
      severity: 'error',
      from: { path: '^src/dag/native-ed25519\\.ts$' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|module)$' },
    },
    {
      name: 'world-packages-only-in-node',
      comment: 'Packages that open sockets or files, or that log, are used by src/node alone.',
      severity: 'error',
      from: { path: PURE },
      to: {
        path: [
          '(^|node_modules/)(libp2p|@libp2p|@chainsafe)(/|$)',
          '(^|node_modules/)(datastore-level|datastore-core|interface-datastore|classic-level|level)(/|$)',
          '(^|node_modules/)(pino|commander|json-rpc-2\\.0|yaml)(/|$)',
        ],
      },
    },
    {
      name: 'no-own-floor-index',
      comment: "Inside a floor, files import files, never the floor's own index.ts.",
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/$1/index\\.ts$' },
    },
    {
      name: 'no-own-folder-index',
      comment: 'The same for a folder inside a floor.',
      severity: 'error',
      from: { path: '^src/(.+)/[^/]+$' },
      to: { path: '^src/$1/index\\.ts$' },
    },
    {
      name: 'src-imports-src',
      comment: 'What is shipped never reaches into tests or scripts.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|scripts|config)/' },
    },
    {
      name: 'no-dev-packages-in-src',
      comment: 'A development dependency is not there when the package is installed.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-undeclared-packages',
      comment: 'What is imported is declared in package.json.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-unresolvable',
      comment: 'Every import leads somewhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.json'],
    },
  },
}
