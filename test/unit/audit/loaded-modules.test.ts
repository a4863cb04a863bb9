/**
 * What a command loads before it does anything. A person waits for it each time, and a shell at each completion: libp2p and
 * LevelDB, or the schemas of the port, would multiply that.
 */
import { existsSync } from 'node:fs'
import { posix, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { textOf } from '../../support/sources.ts'

/** Static imports and exports that are there when the program runs: not those of types, and not `import()`. */
const LOADS = /^(?:import|export)\s+(?!type\b)(?:[^'"]*?\bfrom\s+)?'([^']+)'/gm

const LIBRARIES = ['libp2p', 'multiformats', 'level', 'pino', 'yaml', 'zod', '@noble/']

/** What a file loads, and what that loads: packages by their names, files by their paths. */
function loadedBy(entry: string): ReadonlySet<string> {
  const loaded = new Set([entry])
  for (const path of loaded) {
    if (!path.endsWith('.ts')) continue
    for (const [, name = ''] of textOf(path).matchAll(LOADS)) {
      loaded.add(name.startsWith('.') ? posix.join(posix.dirname(path), name) : name)
    }
  }
  return loaded
}

function packagesOf(entry: string): string[] {
  return [...loadedBy(entry)].filter((name) => !name.endsWith('.ts') && !name.startsWith('node:')).sort()
}

test('the command loads commander alone, until it knows what to do', () => {
  const files = [...loadedBy('src/node/main.ts')].filter((name) => name.endsWith('.ts'))
  expect(files).toContain('src/node/cli/commands/chain.ts')
  for (const file of files) expect(existsSync(resolve(import.meta.dirname, '../../..', file)), file).toBe(true)
  expect(packagesOf('src/node/main.ts')).toEqual(['commander'])
})

test.each(['connection', 'app-client'])(
  'its way to the port, client/%s, loads the schemas and nothing else',
  (file) => {
    expect(packagesOf(`src/node/control/client/${file}.ts`)).toEqual(['zod'])
  },
)

test('libraries that are slow to load are seen where they are loaded: the daemon has them', () => {
  const packages = packagesOf('src/node/daemon/daemon.ts')
  for (const library of LIBRARIES)
    expect(
      packages.filter((name) => name.includes(library)),
      library,
    ).not.toEqual([])
  // They are loaded where they are switched on.
  expect(packages.filter((name) => /kad-dht|mdns/.test(name))).toEqual([])
})
