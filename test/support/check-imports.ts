/** Runs the import rules over a source tree: the real one, or one planted in a temporary directory. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { cruise, type ICruiseOptions, type ICruiseResult } from 'dependency-cruiser'
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options'
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config'

const TOP = resolve(import.meta.dirname, '../..')

export interface Cruised {
  readonly modules: number
  /** `rule: from → to`, sorted; builtins without `node:`, packages by name. */
  readonly violations: readonly string[]
}

function shown(path: string): string {
  return path.replace(/^.*node_modules\/((?:@[^/]+\/)?[^/]+).*$/, '$1')
}

/** @param baseDir holds `src`, a `package.json` and a `node_modules` */
export async function cruiseSrc(baseDir: string = TOP): Promise<Cruised> {
  const options: ICruiseOptions = {
    ...(await extractDepcruiseOptions(join(TOP, '.dependency-cruiser.cjs'))),
    baseDir,
    outputType: 'json',
  }
  const { output } = await cruise(['src'], options, undefined, {
    tsConfig: extractTSConfig(join(TOP, 'tsconfig.json')),
  })
  const { summary, modules } = (typeof output === 'string' ? JSON.parse(output) : output) as ICruiseResult
  return {
    modules: modules.filter(({ source }) => source.startsWith('src/')).length,
    violations: summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${shown(to)}`).sort(),
  }
}

/** Cruises a tree made of the given files (paths under the top, contents), with this project's packages. */
export async function cruisePlanted(files: Readonly<Record<string, string>>): Promise<Cruised> {
  const dir = await mkdtemp(join(tmpdir(), 'freechains-imports-'))
  try {
    await symlink(join(TOP, 'node_modules'), join(dir, 'node_modules'))
    await symlink(join(TOP, 'package.json'), join(dir, 'package.json'))
    await symlink(join(TOP, 'tsconfig.json'), join(dir, 'tsconfig.json'))
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(dir, path)), { recursive: true })
      await writeFile(join(dir, path), text)
    }
    return await cruiseSrc(dir)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
