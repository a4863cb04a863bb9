/**
 * An app of somebody else: a folder with nothing but this package, as `npm pack` makes it, and the one package that the
 * client needs. What else it imported would not be found.
 */
import { execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { Command } from './shell.ts'

const run = promisify(execFile)

export class AppFolder {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  static async open(): Promise<AppFolder> {
    const path = await mkdtemp(join(tmpdir(), 'fc-app-'))
    const modules = join(path, 'node_modules')
    await mkdir(join(modules, 'freechains'), { recursive: true })
    await run('npm', ['pack', '--ignore-scripts', '--pack-destination', path])
    const [packed = ''] = (await readdir(path)).filter((name) => name.endsWith('.tgz'))
    await run('tar', ['-xzf', join(path, packed), '-C', join(modules, 'freechains'), '--strip-components=1'])
    await symlink(resolve('node_modules/zod'), join(modules, 'zod'))
    await writeFile(join(path, 'package.json'), '{ "type": "module" }')
    return new AppFolder(path)
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

  /** Type-checks a file here with this project's compiler and nothing of its settings. In words what is wrong. */
  async compile(name: string): Promise<string> {
    const types = join(this.path, 'node_modules', '@types')
    await mkdir(types, { recursive: true })
    await symlink(resolve('node_modules/@types/node'), join(types, 'node')).catch(() => undefined)
    await symlink(resolve('node_modules/undici-types'), join(this.path, 'node_modules/undici-types')).catch(
      () => undefined,
    )
    const options = ['--strict', '--module', 'nodenext', '--target', 'es2023', '--types', 'node', '--noEmit']
    const compiler = resolve('node_modules/typescript/bin/tsc')
    const { status, out } = await this.start(process.execPath, [compiler, ...options, name], process.env).ended
    return status === 0 ? '' : out
  }

  async close(): Promise<void> {
    await rm(this.path, { recursive: true, force: true, maxRetries: 5 })
  }
}
