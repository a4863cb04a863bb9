/** Completion in the shells themselves (spec §11), against a real daemon. */
import { execFile, spawn } from 'node:child_process'
import { chmod, mkdir } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { delimiter } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { socketPath } from '../../src/node/control/paths.ts'
import { eventually } from '../support/daemon.ts'
import { MAIN, Shell, type StartedDaemon } from '../support/shell.ts'

const run = promisify(execFile)

/** Not every machine has every shell; Bash is wherever these tests run. */
const HAS = { zsh: await isThere('zsh'), fish: await isThere('fish'), terminal: await hasTerminal() }

let shell: Shell
let node: StartedDaemon
let env: NodeJS.ProcessEnv

async function isThere(name: string): Promise<boolean> {
  return run(name, ['-c', 'true']).then(
    () => true,
    () => false,
  )
}

/** That of util-linux gives a shell a terminal of its own; other systems have another one of that name. */
async function hasTerminal(): Promise<boolean> {
  return run('script', ['--version']).then(
    ({ stdout }) => stdout.includes('util-linux'),
    () => false,
  )
}

beforeAll(async () => {
  shell = await Shell.open()
  node = await shell.start(shell.path('node'), '--port=0', '--listen', '/ip4/127.0.0.1/tcp/0')
  await shell.run([`--port=${node.port}`, 'chains', 'join', '#chat'])
  await shell.run([`--port=${node.port}`, 'chains', 'join', '$family', 'AB'.repeat(32)])
  await mkdir(shell.path('bin'))
  const command = await shell.file('bin/freechains', `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`)
  await chmod(command, 0o700)
  env = {
    ...process.env,
    PATH: `${shell.path('bin')}${delimiter}${process.env['PATH'] ?? ''}`,
    HOME: shell.root,
    XDG_STATE_HOME: shell.path('state'),
    XDG_CONFIG_HOME: shell.path('config'),
  }
})

afterAll(() => shell.close())

async function said(program: string, ...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run(program, args, { env, cwd: shell.root })
  expect(stderr).toBe('')
  return stdout
}

describe('bash', () => {
  /** What Bash has to offer at the end of a line, as its own completion calls what was sourced. */
  async function offers(line: string): Promise<string[]> {
    const script = `
      source <(freechains completion bash)
      complete -p freechains >/dev/null
      COMP_LINE=$1 COMP_POINT=\${#1}
      _freechains
      printf '%s\n' "\${COMPREPLY[@]}"`
    const out = await said('bash', '--norc', '-c', script.replaceAll('\\$', '$'), 'bash', line)
    return out.split('\n').filter((one) => one !== '')
  }

  /** The daemon has 300 ms to answer; on a busy machine that may take more than one try. */
  async function offersOfDaemon(rest: string, expected: readonly string[]): Promise<void> {
    await eventually(
      () => offers(`freechains --port=${node.port}${rest}`),
      (found) => found.join('\n') === expected.join('\n'),
    )
  }

  test('sources the script, and completes commands, chains as they must be typed, and choices', async () => {
    expect(await offers('freechains chai')).toEqual(['chains', 'chain'])
    await offersOfDaemon(' chain ', [String.raw`\#chat`, String.raw`\$family`])
    await offersOfDaemon(" chain '$f", ['$family'])
    expect(await offers("freechains chain '#chat' graph --format ")).toEqual(['text', 'dot', 'mermaid', 'svg', 'json'])
    expect(await offers('freechains start ')).toEqual([])
  })

  test('never runs what stands in the line', async () => {
    await offers('freechains chain "$(touch ran)" `touch ran` ')
    await expect(said('cat', 'ran')).rejects.toThrow(/No such file/)
  })
})

describe('typed at a terminal, with a tab behind the beginning of each word', () => {
  /** What an interactive shell shows once it says so; its typist does not wait for it. */
  async function typed(command: string, setup: string, line: string, until: RegExp): Promise<string> {
    const child = spawn('script', ['-q', '-e', '-c', command, '/dev/null'], {
      env: { ...env, TERM: 'dumb' },
      cwd: shell.root,
    })
    let shown = ''
    child.stdout.on('data', (part: Buffer) => (shown += part.toString()))
    const shows = (sign: RegExp): Promise<string> =>
      eventually(
        async () => shown,
        (text) => sign.test(text),
      )
    try {
      child.stdin.write(`${setup}; echo rea''dy\n`)
      await shows(/ready\r?\n/)
      child.stdin.write(line)
      return await shows(until)
    } finally {
      child.kill('SIGKILL')
    }
  }

  /** As a person types it: chain, command, option and choice are finished by the shell. */
  const line = (port: string): string =>
    String.raw`freechains --port=${port} chain \$fa${'\t'}gra${'\t'}--for${'\t'}mer${'\t'}` + '\n'

  test('bash finishes them, and runs what came of it', async ({ skip }) => {
    skip(!HAS.terminal, 'no terminal: `apt-get install util-linux` (or bsdutils) has `script`')
    const shown = await typed(
      'bash --norc --noprofile -i',
      'source <(freechains completion bash)',
      line(node.port),
      /flowchart TB/,
    )
    expect(shown).toMatch(/chain \\\$family +graph +--format +mermaid/)
  })

  test('zsh finishes them, and runs what came of it', async ({ skip }) => {
    skip(!HAS.terminal || !HAS.zsh, 'no zsh or no terminal: `apt-get install zsh util-linux` has both')
    const setup = 'autoload -Uz compinit; compinit -u -D; source <(freechains completion zsh)'
    expect(await typed('zsh -f -i', setup, line(node.port), /flowchart TB/)).toContain('flowchart TB')
  })
})

test('zsh parses the script', async ({ skip }) => {
  skip(!HAS.zsh, 'no zsh: `apt-get install zsh` has it')
  await shell.file('zsh-script', await said('freechains', 'completion', 'zsh'))
  expect(await said('zsh', '-n', shell.path('zsh-script'))).toBe('')
})

test('fish parses the script, and offers what may come next', async ({ skip }) => {
  skip(!HAS.fish, 'no fish: `apt-get install fish` has it')
  const script = await shell.file('fish-script', await said('freechains', 'completion', 'fish'))
  expect(await said('fish', '-n', script)).toBe('')
  const line = `freechains --port=${node.port} chain '#c`
  const out = await said('fish', '--no-config', '-c', 'source $argv[1]; complete -C $argv[2]', script, line)
  expect(out).toMatch(/^#chat\t0_[0-9A-F]{64}$/m)
})

test('a daemon that does not answer is not waited for', async () => {
  const port = 1
  const silent: Server = createServer(() => undefined)
  await new Promise<void>((resolve) => silent.listen(socketPath(shell.stateDir, port), resolve))
  const { status, out, err } = await shell.run(['complete', 'bash', '--', `freechains --port=${String(port)} chain `])
  silent.close()
  expect({ status, out, err }).toEqual({ status: 0, out: '', err: '' })
})
