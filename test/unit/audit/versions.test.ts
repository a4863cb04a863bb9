/** Packages: the ones this project is built on are used, and those with known remote crashes are above them. */
import { describe, expect, test } from 'vitest'
import { sourcesUnder, textOf } from '../../support/sources.ts'

interface Locked {
  readonly name?: string
  readonly version?: string
}

const lock = JSON.parse(textOf('package-lock.json')) as { readonly packages: Readonly<Record<string, Locked>> }
const { dependencies } = JSON.parse(textOf('package.json')) as {
  readonly dependencies: Readonly<Record<string, string>>
}

/** Every installed version of a package, aliases included. */
function installed(name: string): readonly (readonly number[])[] {
  return Object.entries(lock.packages)
    .filter(([path, locked]) => (locked.name ?? path.replace(/^.*node_modules\//, '')) === name)
    .map(([, locked]) => locked.version!.split('.').map(Number))
}

function atLeast(version: readonly number[], floor: readonly number[]): boolean {
  const differs = floor.findIndex((part, n) => version[n] !== part)
  return differs === -1 || version[differs]! > floor[differs]!
}

describe('locked versions', () => {
  test('there is one line of libp2p: no @libp2p/interface but 3.x', () => {
    expect(new Set(installed('@libp2p/interface').map(([major]) => major))).toEqual(new Set([3]))
  })

  test.each([
    // One peer could exhaust the heap: CVE-2026-46679.
    ['@libp2p/gossipsub', [15, 0, 23]],
    // Event loop stalled through identify: CVE-2026-110789.
    ['@libp2p/crypto', [5, 1, 22]],
  ])('%s is above its known remote crash', (name, floor) => {
    const versions = installed(name)
    expect(versions).not.toEqual([])
    expect(versions.filter((version) => !atLeast(version, floor))).toEqual([])
  })

  test('the archived gossipsub is nowhere', () => {
    expect(installed('@chainsafe/libp2p-gossipsub')).toEqual([])
  })

  test('every version is exact', () => {
    const exact = /^(npm:@?[\w./-]+@)?\d+\.\d+\.\d+$/
    expect(Object.entries(dependencies).filter(([, version]) => !exact.test(version))).toEqual([])
  })
})

describe('the packages this project is built on', () => {
  const sources = sourcesUnder('src').map(textOf)

  test.each([
    'libp2p',
    '@chainsafe/libp2p-gossipsub',
    '@chainsafe/libp2p-noise',
    '@libp2p/tcp',
    '@libp2p/kad-dht',
    'it-pipe',
    'datastore-level',
    '@noble/curves',
  ])('%s is declared and imported', (name) => {
    expect(dependencies).toHaveProperty([name])
    expect(sources.some((text) => new RegExp(`from '${name}(/[^']*)?'`).test(text))).toBe(true)
  })
})
