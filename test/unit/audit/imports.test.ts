/** The import rules are tested: each forbidden import is planted and must be seen. A silent checker is worse than none. */
import { describe, expect, test } from 'vitest'
import { cruisePlanted, cruiseSrc } from '../../support/check-imports.ts'
import { sourcesUnder } from '../../support/sources.ts'

const CLEAN = {
  'src/dag/ids.ts': "import { bytesToHex } from '@noble/hashes/utils.js'\nexport const hex = bytesToHex\n",
  'src/dag/crypto.ts': "import { createHash } from 'node:crypto'\nexport const hash = createHash\n",
  'src/reputation/rules.ts': "export { hex } from '../dag/ids.ts'\n",
  'src/protocol/codec.ts': "export { hex } from '../reputation/rules.ts'\n",
  'src/node/main.ts':
    "import 'node:fs'\nimport 'libp2p'\nimport '@chainsafe/libp2p-gossipsub'\nexport { hex } from '../protocol/codec.ts'\n",
}

const PLANTED: readonly [title: string, files: Record<string, string>, violation: string][] = [
  [
    'dag imports reputation',
    { 'src/dag/bad.ts': "import '../reputation/rules.ts'\n" },
    'dag-stands-alone: src/dag/bad.ts → src/reputation/rules.ts',
  ],
  [
    'a type alone is imported upwards',
    {
      'src/dag/bad.ts': "import type { Wire } from '../protocol/wire.ts'\nexport type Bad = Wire\n",
      'src/protocol/wire.ts': 'export interface Wire { readonly v: 1 }\n',
    },
    'dag-stands-alone: src/dag/bad.ts → src/protocol/wire.ts',
  ],
  [
    'reputation imports protocol',
    { 'src/reputation/bad.ts': "import '../protocol/codec.ts'\n" },
    'reputation-imports-dag-only: src/reputation/bad.ts → src/protocol/codec.ts',
  ],
  [
    'protocol imports node',
    { 'src/protocol/bad.ts': "import '../node/main.ts'\n" },
    'protocol-below-node: src/protocol/bad.ts → src/node/main.ts',
  ],
  [
    'two files import each other',
    {
      'src/dag/one.ts': "import { two } from './two.ts'\nexport const one = (): unknown => two\n",
      'src/dag/two.ts': "import { one } from './one.ts'\nexport const two = (): unknown => one\n",
    },
    'no-circular: src/dag/one.ts → src/dag/two.ts',
  ],
  [
    'dag reads files',
    { 'src/dag/bad.ts': "import { readFileSync } from 'node:fs'\nexport const read = readFileSync\n" },
    'pure-floors-no-builtins: src/dag/bad.ts → fs',
  ],
  [
    'protocol opens sockets, without the prefix',
    { 'src/protocol/bad.ts': "import { connect } from 'net'\nexport const open = connect\n" },
    'pure-floors-no-builtins: src/protocol/bad.ts → net',
  ],
  [
    'a file that need not imports node:crypto',
    { 'src/dag/bad.ts': "import { createHash } from 'node:crypto'\nexport const hash = createHash\n" },
    'pure-floors-no-builtins: src/dag/bad.ts → crypto',
  ],
  [
    'dag/crypto.ts imports more than crypto',
    { 'src/dag/crypto.ts': "import 'node:crypto'\nimport 'node:os'\n" },
    'dag-crypto-only-crypto: src/dag/crypto.ts → os',
  ],
  [
    'dag/native-ed25519.ts imports more than crypto',
    { 'src/dag/native-ed25519.ts': "import 'node:crypto'\nimport 'node:os'\n" },
    'dag-native-only-crypto: src/dag/native-ed25519.ts → os',
  ],
  [
    'dag/native-sodium.ts imports more than module',
    { 'src/dag/native-sodium.ts': "import 'node:module'\nimport 'node:os'\n" },
    'dag-native-only-module: src/dag/native-sodium.ts → os',
  ],
  [
    'protocol imports an @libp2p package',
    { 'src/protocol/bad.ts': "import '@libp2p/utils'\n" },
    'world-packages-only-in-node: src/protocol/bad.ts → @libp2p/utils',
  ],
  [
    'a file imports the index of its own floor',
    { 'src/dag/index.ts': "export { hex } from './ids.ts'\n", 'src/dag/bad.ts': "import './index.ts'\n" },
    'no-own-floor-index: src/dag/bad.ts → src/dag/index.ts',
  ],
  [
    'a file lies in no room',
    { 'src/node/bad.ts': "import '../dag/ids.ts'\n" },
    'every-file-in-a-room: src/node/bad.ts → src/dag/ids.ts',
  ],
  [
    'src imports a development dependency',
    { 'src/node/bad.ts': "import 'fast-check'\n" },
    'no-dev-packages-in-src: src/node/bad.ts → fast-check',
  ],
  [
    'src imports a package that is not declared',
    { 'src/node/bad.ts': "import 'no-such-package'\n" },
    'no-unresolvable: src/node/bad.ts → no-such-package',
  ],
  [
    'src imports a test',
    { 'src/node/bad.ts': "import '../../test/fake.ts'\n", 'test/fake.ts': 'export {}\n' },
    'src-imports-src: src/node/bad.ts → test/fake.ts',
  ],
]

/** Which rooms each room may import: said once more, so that a slip in the rules shows. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  base: [],
  storage: ['base'],
  'chain/intake': ['base'],
  chain: ['base', 'storage', 'chain/intake'],
  'net/host': ['base'],
  'net/gossip': ['base', 'net/host', 'chain', 'chain/intake'],
  'net/sync': ['base', 'net/host', 'chain', 'chain/intake'],
  'net/discovery': ['base', 'net/host'],
  net: ['base', 'chain', 'chain/intake', 'net/host', 'net/gossip', 'net/sync', 'net/discovery'],
  control: ['base'],
  web: ['base'],
  config: ['base', 'net/host'],
  api: [
    ...['base', 'storage', 'chain', 'chain/intake', 'control', 'config'],
    ...['net', 'net/host', 'net/gossip', 'net/sync', 'net/discovery'],
  ],
  daemon: [
    ...['base', 'storage', 'chain', 'chain/intake', 'control', 'web', 'config', 'api'],
    ...['net', 'net/host', 'net/gossip', 'net/sync', 'net/discovery'],
  ],
  cli: ['base', 'control'],
}
const ROOMS = Object.keys(MAY)
const TYPES_ONLY: readonly [room: string, of: string][] = [
  ['net/discovery', 'storage'],
  ['cli', 'daemon'],
]

describe('import rules', () => {
  test('a clean tree passes', async () => {
    expect(await cruisePlanted(CLEAN)).toEqual({ modules: 5, violations: [] })
  })

  test.each(PLANTED)('refused: %s', async (_title, files, violation) => {
    const { violations } = await cruisePlanted({ ...CLEAN, ...files })
    expect(violations).toContain(violation)
  })

  test('a back edge from each room to each that it may not import is refused', async () => {
    const files: Record<string, string> = {}
    const expected: string[] = []
    for (const room of ROOMS) {
      const never = ROOMS.filter((other) => other !== room && !MAY[room]!.includes(other))
      files[`src/node/${room}/good.ts`] = 'export type Good = 1\n'
      files[`src/node/${room}/bad.ts`] = never
        .map((other) => `import '${'../'.repeat(room.split('/').length)}${other}/good.ts'\n`)
        .join('')
      for (const other of never) {
        const types = TYPES_ONLY.some(([taker, of]) => taker === room && of === other) ? '-types-only' : ''
        expected.push(`room-${room.replace('/', '-')}${types}: src/node/${room}/bad.ts → src/node/${other}/good.ts`)
      }
    }
    const { violations } = await cruisePlanted({ ...CLEAN, ...files })
    expect(violations).toEqual(expected.sort())
  })

  test('every room that there is has its rules, and the two entries alone lie in none', () => {
    const inner = /^src\/node\/((?:net\/(?:host|gossip|sync|discovery)|chain\/intake)|[^/]+)\/?/
    const rooms = new Set(sourcesUnder('src/node').map((path) => inner.exec(path)![1]!))
    expect([...rooms].sort()).toEqual([...ROOMS, 'index.ts', 'main.ts'].sort())
  })

  test.each(TYPES_ONLY)('%s takes types of %s, and nothing that runs', async (room, of) => {
    const path = `${'../'.repeat(room.split('/').length)}${of}/good.ts`
    const good = { [`src/node/${of}/good.ts`]: 'export type Good = 1\nexport const good = 1\n' }
    const type = { [`src/node/${room}/type.ts`]: `import type { Good } from '${path}'\nexport type Mine = Good\n` }
    const value = { [`src/node/${room}/value.ts`]: `export { good } from '${path}'\n` }
    expect((await cruisePlanted({ ...good, ...type })).violations).toEqual([])
    expect((await cruisePlanted({ ...good, ...value })).violations).toEqual([
      `room-${room.replace('/', '-')}-types-only: src/node/${room}/value.ts → src/node/${of}/good.ts`,
    ])
  })

  test('the checker reads every real source', async () => {
    const { modules } = await cruiseSrc()
    expect(modules).toBeGreaterThan(0)
    expect(modules).toBe(sourcesUnder('src').length)
  })
})
