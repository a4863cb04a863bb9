/** Packages: the ones this project is built on are used, and those with known remote crashes are above them. */
import { describe, expect, test } from 'vitest'
import { sourcesUnder, textOf } from '../../support/sources.ts'

interface Locked {
  readonly name?: string
  readonly version?: string
  readonly hasInstallScript?: boolean
}

interface PackageFile {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly allowScripts?: Readonly<Record<string, boolean>>
}

const packageFile = (path: string): PackageFile => JSON.parse(textOf(path)) as PackageFile

const lock = JSON.parse(textOf('package-lock.json')) as { readonly packages: Readonly<Record<string, Locked>> }
const { dependencies, allowScripts } = packageFile('package.json')

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

  test.each(['package.json', 'packages/client/package.json'])('every version in %s is exact', (path) => {
    const exact = /^(npm:@?[\w./-]+@)?\d+\.\d+\.\d+$/
    const { dependencies, devDependencies, optionalDependencies } = packageFile(path)
    const all = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
    expect(all).not.toEqual([])
    expect(all.filter(([, version]) => !exact.test(version))).toEqual([])
  })

  test('every package with a script at install is known, and refused by an npm that asks', () => {
    const withScript = Object.entries(lock.packages).filter(([, { hasInstallScript }]) => hasInstallScript === true)
    const names = withScript.map(([path]) => path.replace(/^.*node_modules\//, ''))
    expect(Object.fromEntries(names.map((name) => [name, false]))).toEqual(allowScripts)
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
