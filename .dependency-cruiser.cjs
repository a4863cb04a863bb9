/**
 * Import rules: floors import one way (node → protocol → reputation → dag), the lower three are pure, the rooms of
 * src/node import the rooms named below, nothing is circular. `test/unit/audit/imports.test.ts` plants a violation of
 * each and fails if these rules stay silent.
 */
const PURE = '^src/(dag|reputation|protocol)/'

/** Every room of src/node, with the rooms that it may import besides itself; `types`: for their types alone. */
const ROOMS = {
  base: { imports: [] },
  storage: { imports: ['base'] },
  'chain/intake': { imports: ['base'] },
  chain: { imports: ['base', 'storage', 'chain/intake'] },
  'net/host': { imports: ['base'] },
  'net/gossip': { imports: ['base', 'chain', 'chain/intake', 'net/host'] },
  'net/sync': { imports: ['base', 'chain', 'chain/intake', 'net/host'] },
  'net/discovery': { imports: ['base', 'net/host'], types: ['storage'] },
  net: { imports: ['base', 'chain', 'chain/intake', 'net/host', 'net/gossip', 'net/sync', 'net/discovery'] },
  control: { imports: ['base'] },
  web: { imports: ['base'] },
  config: { imports: ['base', 'net/host'] },
  api: {
    imports: [
      ...['base', 'storage', 'chain', 'chain/intake', 'control', 'config'],
      ...['net', 'net/host', 'net/gossip', 'net/sync', 'net/discovery'],
    ],
  },
  daemon: {
    imports: [
      ...['base', 'storage', 'chain', 'chain/intake', 'control', 'web', 'config', 'api'],
      ...['net', 'net/host', 'net/gossip', 'net/sync', 'net/discovery'],
    ],
  },
  cli: { imports: ['base', 'control'], types: ['daemon'] },
}

/** Rooms within rooms (`chain/intake`, `net/host`…) are rooms of their own; any other folder belongs to its room. */
function filesOf(room) {
  const inner = Object.keys(ROOMS).filter((other) => other.startsWith(`${room}/`))
  const not = inner.map((other) => `(?!${other.slice(room.length + 1)}/)`).join('')
  return `^src/node/${room}/${not}`
}

const roomRules = Object.entries(ROOMS).flatMap(([room, { imports, types = [] }]) => {
  const name = `room-${room.replace('/', '-')}`
  const rule = {
    name,
    comment: `src/node/${room} imports ${imports.length === 0 ? 'no other room' : imports.join(', ')}.`,
    severity: 'error',
    from: { path: filesOf(room) },
    to: { path: '^src/node/', pathNot: [room, ...imports, ...types].map(filesOf) },
  }
  if (types.length === 0) return [rule]
  const typesOnly = {
    name: `${name}-types-only`,
    comment: `src/node/${room} takes types alone from ${types.join(', ')}.`,
    severity: 'error',
    from: { path: filesOf(room) },
    to: { path: types.map(filesOf), dependencyTypesNot: ['type-only'] },
  }
  return [rule, typesOnly]
})

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
    ...roomRules,
    {
      name: 'every-file-in-a-room',
      comment: 'Only the entries, of the executable and of the package, lie in src/node itself.',
      severity: 'error',
      from: { path: '^src/node/', pathNot: ['^src/node/(main|index)\\.ts$', ...Object.keys(ROOMS).map(filesOf)] },
      to: {},
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
      comment: 'No sockets, files, timers or clock below node; three files in dag alone have builtins.',
      severity: 'error',
      from: { path: PURE, pathNot: '^src/dag/(crypto|native-(ed25519|sodium))\\.ts$' },
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
      name: 'dag-native-only-crypto',
      comment: 'dag/native-ed25519.ts verifies with node:crypto, and uses no other builtin.',
      severity: 'error',
      from: { path: '^src/dag/native-ed25519\\.ts$' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'dag-native-only-module',
      comment: 'dag/native-sodium.ts loads an optional addon by node:module, and uses no other builtin.',
      severity: 'error',
      from: { path: '^src/dag/native-sodium\\.ts$' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?module$' },
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
