/**
 * An app of somebody else: a folder with nothing but a package of ours, as `npm pack` makes it, and packages that it
 * needs, linked from this checkout. What else it imported would not be found.
 */
import { execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { promisify } from 'node:util'
import { Command } from './shell.ts'

const run = promisify(execFile)

interface PackageFile {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

export class AppFolder {
  readonly path: string
  /** Where the package was unpacked. */
  readonly packagePath: string

  private constructor(path: string, packagePath: string) {
    this.path = path
    this.packagePath = packagePath
  }

  /** The main package, with zod alone: enough for `freechains/client`. */
  static async open(): Promise<AppFolder> {
    const app = await AppFolder.#unpacked('.')
    await app.#link('zod')
    return app
  }

  /** The package in a folder of this checkout, with what its own package.json declares, as an install brings it. */
  static async installed(folder: string): Promise<AppFolder> {
    const app = await AppFolder.#unpacked(folder)
    for (const name of await app.declared()) await app.#link(name)
    return app
  }

  static async #unpacked(folder: string): Promise<AppFolder> {
    const path = await mkdtemp(join(tmpdir(), 'fc-app-'))
    const { name } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as PackageFile
    const target = join(path, 'node_modules', name)
    await mkdir(target, { recursive: true })
    await run('npm', ['pack', '--ignore-scripts', '--pack-destination', path], { cwd: folder })
    const [packed = ''] = (await readdir(path)).filter((file) => file.endsWith('.tgz'))
    await run('tar', ['-xzf', join(path, packed), '-C', target, '--strip-components=1'])
    await writeFile(join(path, 'package.json'), '{ "type": "module" }')
    return new AppFolder(path, target)
  }

  async #link(name: string): Promise<void> {
    const link = join(this.path, 'node_modules', name)
    await mkdir(dirname(link), { recursive: true })
    await symlink(resolve('node_modules', name), link)
  }

  /** Names of the packages that the unpacked one declares, optional ones included. */
  async declared(): Promise<readonly string[]> {
    const text = await readFile(join(this.packagePath, 'package.json'), 'utf8')
    const { dependencies = {}, optionalDependencies = {} } = JSON.parse(text) as PackageFile
    return Object.keys({ ...dependencies, ...optionalDependencies }).sort()
  }

  /** Paths of what was packed, from the top of the package, sorted. */
  async packed(): Promise<readonly string[]> {
    const entries = await readdir(this.packagePath, { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile())
    return files.map((entry) => relative(this.packagePath, join(entry.parentPath, entry.name))).sort()
  }

  async file(name: string, text: string): Promise<string> {
    const path = join(this.path, name)
    await writeFile(path, text)
    return path
  }

  async read(name: string): Promise<string> {
    return await readFile(join(this.path, name), 'utf8')
  }

  /** Runs a program here, `node` or another, until it ends or is ended. */
  start(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Command {
    return new Command(spawn(program, args, { cwd: this.path, env, stdio: ['ignore', 'pipe', 'pipe'] }))
  }

  /**
   * Type-checks files here with this project's compiler and nothing of its settings; options of the compiler may come with
   * them. In words what is wrong.
   */
  async compile(...args: string[]): Promise<string> {
    const types = join(this.path, 'node_modules', '@types')
    await mkdir(types, { recursive: true })
    await symlink(resolve('node_modules/@types/node'), join(types, 'node')).catch(() => undefined)
    await symlink(resolve('node_modules/undici-types'), join(this.path, 'node_modules/undici-types')).catch(
      () => undefined,
    )
    const options = ['--strict', '--module', 'nodenext', '--target', 'es2023', '--types', 'node', '--noEmit']
    const compiler = resolve('node_modules/typescript/bin/tsc')
    const { status, out } = await this.start(process.execPath, [compiler, ...options, ...args], process.env).ended
    return status === 0 ? '' : out
  }

  async close(): Promise<void> {
    await rm(this.path, { recursive: true, force: true, maxRetries: 5 })
  }
}
