/**
 * Every command that the Freechains paper prints (§3.1–§3.3), typed as it stands there into a shell, against two daemons.
 * What the paper cannot know is put in: the second node's address for 10.0.0.2, a folder for /var/fcs/, and the keys and
 * ids of this run, where ids are cut as short as the paper cuts them, but for the six digits that it takes here.
 */
import { spawn } from 'node:child_process'
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo, type Server } from 'node:net'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keyPair, sharedKey } from '../../src/dag/passphrase.ts'
import { eventually } from '../support/daemon.ts'
import { Command, Shell, withoutWarnings, type Finished } from '../support/shell.ts'

const MAIN = fileURLToPath(new URL('../../dist/node/main.js', import.meta.url))

/** The command in the PATH of a user; the ports are free ones, where the paper's user has the default. */
const WRAPPER = `#!/bin/sh
case "$1" in
  start) echo $$ >> "$HOME/pids"; exec "$NODE" "$MAIN" "$@" --port=0 --listen /ip4/127.0.0.1/tcp/0 $START_OPTIONS ;;
  *) exec "$NODE" "$MAIN" --port="$\{CONTROL_PORT:-$(cat "$HOME/port")}" "$@" ;;
esac
`

/** Alone unless it is told of somebody. */
const ALONE = { discovery: { dht: false, mdns: false, remembered: false } }

/** Somebody's machine: a home folder, a shell, and one daemon. */
class Machine {
  readonly home: string
  /** Of the daemon, as `host:port`. */
  address = ''
  #daemon: Command | undefined
  readonly #groups = new Map<Command, number>()

  private constructor(home: string) {
    this.home = home
  }

  static async at(home: string): Promise<Machine> {
    await mkdir(join(home, 'bin'), { recursive: true })
    await writeFile(join(home, 'bin', 'freechains'), WRAPPER)
    await chmod(join(home, 'bin', 'freechains'), 0o755)
    await writeFile(join(home, 'alone.yaml'), JSON.stringify(ALONE))
    return new Machine(home)
  }

  launch(line: string, env: Readonly<Record<string, string>> = {}): Command {
    const PATH = `${join(this.home, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`
    const own = { HOME: this.home, XDG_STATE_HOME: join(this.home, 'state'), NODE: process.execPath, MAIN, PATH }
    const started = { START_OPTIONS: `--config ${join(this.home, 'alone.yaml')}` }
    const whole = { ...process.env, ...own, ...started, ...env }
    const child = spawn('sh', ['-c', line], { cwd: this.home, env: whole, detached: true })
    child.stdin.end()
    const command = new Command(child)
    this.#groups.set(command, child.pid ?? 0)
    return command
  }

  /** Ctrl-C, which the terminal sends to the shell and the command alike. */
  async interrupt(command: Command): Promise<Finished> {
    process.kill(-(this.#groups.get(command) ?? 0), 'SIGINT')
    return command.ended
  }

  /** Types a line, and waits for the prompt. The paper puts keys on the command line, which is warned of. */
  async type(line: string): Promise<Finished> {
    const finished = await this.launch(line).ended
    return { ...finished, err: withoutWarnings(finished.err) }
  }

  /** What a command prints on stdout that goes well and says nothing else. */
  async answer(line: string): Promise<string> {
    const finished = await this.type(line)
    expect(finished, line).toMatchObject({ status: 0, err: '' })
    return finished.out.replace(/\n$/, '')
  }

  /** Types a line that starts the daemon in the background, and waits until it is ready. */
  async start(line: string): Promise<void> {
    const command = this.launch(line)
    this.#daemon = command
    await eventually(
      () => Promise.resolve(command.out),
      (out) => /^try:$/m.test(out),
    )
    const [, port = ''] = /^control port: \S+:(\d+)$/m.exec(command.out) ?? []
    await writeFile(join(this.home, 'port'), port)
    const [, libp2pPort = ''] = /^address: .*\/tcp\/(\d+)\//m.exec(command.out) ?? []
    this.address = `127.0.0.1:${libp2pPort}`
  }

  /** Stops the daemon, and waits until it has. */
  async stop(): Promise<void> {
    expect(await this.answer('freechains stop')).toBe('true')
    await this.#daemon?.ended
  }

  /** Whatever still runs. */
  async end(): Promise<void> {
    const pids = await readFile(join(this.home, 'pids'), 'utf8').catch(() => '')
    for (const pid of pids.split('\n').filter((line) => line !== '')) {
      try {
        process.kill(Number(pid), 'SIGKILL')
      } catch {
        // It has ended by itself.
      }
    }
  }

  /** Between a command and the daemon: tells when the daemon has begun to send events. */
  async relay(): Promise<{ readonly port: string; readonly subscribed: Promise<undefined>; readonly server: Server }> {
    const state = join(this.home, 'state', 'freechains')
    const daemonPort = await readFile(join(this.home, 'port'), 'utf8')
    const subscribed = Promise.withResolvers<undefined>()
    const server = createServer((socket) => {
      const daemon = connect(Number(daemonPort), '127.0.0.1')
      for (const end of [socket, daemon]) end.on('error', () => undefined)
      daemon.on('data', (data: Buffer) => {
        if (data.includes('"subscription"')) subscribed.resolve(undefined)
      })
      socket.pipe(daemon).pipe(socket)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const port = String((server.address() as AddressInfo).port)
    await copyFile(join(state, `control-${daemonPort}.cookie`), join(state, `control-${port}.cookie`))
    return { port, subscribed: subscribed.promise, server }
  }
}

let shell: Shell
let here: Machine
let there: Machine
let listening: Command
/** Blocks of #chat as they came here. */
const ids: string[] = []
let relay: Awaited<ReturnType<Machine['relay']>>

/** What stands in the paper for what it cannot know, and what it is in this run. */
const known = new Map<string, string>()

/** The line as the paper prints it, with what it cannot know put in. */
function printed(line: string): string {
  const typed = [...known].reduce((text, [standIn, real]) => text.replaceAll(standIn, real), line)
  expect(typed, 'everything is put in').not.toMatch(/\.\.\.|10\.0\.0\.2|\/var\//)
  return typed
}

/** An id as the paper shows it, with at least six digits. */
function short(id: string): string {
  return id.replace(/^(\d+_.{6}).*$/, '$1')
}

async function post(on: Machine, text: string, pvt: string): Promise<Finished> {
  return on.type(`freechains chain "#chat" post inline "${text}" --sign=${pvt}`)
}

let keys: { readonly pub: string; readonly pvt: string }

beforeAll(async () => {
  shell = await Shell.open()
  here = await Machine.at(shell.path('here'))
  there = await Machine.at(shell.path('there'))
  keys = await keyPair('senha')
  known.set('/var/fcs/', `${here.home}/fcs/`).set('EB172E...', keys.pub).set('96700A...', keys.pvt)
})

afterAll(async () => {
  relay.server.close()
  await Promise.all([here, there].map((machine) => machine.end()))
  await shell.close()
})

describe.sequential('the transcript of the paper', () => {
  test('§3.1 a daemon, an identity, a chain and a first post', async () => {
    await here.start(printed('freechains start /var/fcs/ &          # inicia daemon em background'))
    await there.start(`freechains start ${there.home}/fcs/ &`)
    known.set('10.0.0.2', there.address)

    const made = await here.answer(printed('freechains crypto pubpvt "senha"      # cria identidade publica'))
    expect(made).toBe(`${keys.pub} ${keys.pvt}`)
    const first = await here.type(printed('freechains chains join "#chat"        # se inscreve na cadeia #chat'))
    expect(first).toMatchObject({
      status: 0,
      err: expect.stringContaining('nobody that can be reached has #chat') as string,
    })
    const joined = first.out.trim()
    expect(joined).toMatch(/^0_[0-9A-F]{64}$/)
    // The paper has one forum of a name; here one says whose.
    const chosen = await there.type(`freechains chains join "#chat" --founder=${keys.pub}`)
    expect(chosen).toMatchObject({ status: 0, err: expect.stringContaining('has come yet') as string })
    expect(chosen.out.trim()).toBe(joined)

    relay = await here.relay()
    const line = printed('freechains chain "#chat" listen    # escuta novos blocos em tempo real')
    listening = here.launch(line, { CONTROL_PORT: relay.port })
    await relay.subscribed

    const posted = await here.type(printed('freechains chain "#chat" post inline "Bom Dia!" --sign=96700A...'))
    expect(posted).toMatchObject({ status: 0, out: expect.stringMatching(/^1_[0-9A-F]{64}\n$/) as string })
    ids.push(posted.out.trim())
  })

  test('§3.1 send and recv', async () => {
    // Nodes that have met gossip by themselves: the block may be there before the command can count it.
    expect(await here.answer(printed('freechains peer 10.0.0.2 send "#chat" # envia #chat para 10.0.0.2'))).toMatch(
      /^[01] \/ 0$/,
    )
    expect(await there.answer('freechains chain "#chat" heads')).toBe(ids[0])

    // They part; one block is made on each side, and there a newcomer's post, which is held.
    await there.stop()
    await there.start(`freechains start ${there.home}/fcs/ &`)
    known.set('10.0.0.2', there.address)
    const newcomer = await keyPair('outra senha')
    const held = await post(there, 'Posso entrar?', newcomer.pvt)
    expect(held).toMatchObject({ status: 0, err: expect.stringMatching(/^freechains: held: /) as string })
    known.set('2_12AB5C...', short(held.out.trim()))
    const branches = await Promise.all([post(here, 'Tudo bem?', keys.pvt), post(there, 'Boa tarde!', keys.pvt)])
    ids.push(...branches.map(({ out }) => out.trim()))
    expect(ids.slice(1)).toEqual(ids.slice(1).map(() => expect.stringMatching(/^2_/) as string))

    expect(await here.answer(printed('freechains peer 10.0.0.2 recv "#chat" # recebe #chat de 10.0.0.2'))).toMatch(
      /^[01] \/ 0$/,
    )
  })

  test('§3.1 genesis, traverse, get, heads', async () => {
    const genesis = await here.answer(printed('freechains chain "#chat" genesis      # hash id do genesis'))
    expect(genesis).toMatch(/^0_[0-9A-F]{64}$/)
    known.set('0_10EE...', short(genesis)).set('1_A5EF...', short(ids[0] ?? ''))
    const traversed = await here.answer(
      printed('freechains chain "#chat" traverse all 0_10EE... # do genesis em diante'),
    )
    expect(traversed.split(' ').slice(0, 1)).toEqual(ids.slice(0, 1))
    // This node may have heard of the newcomer's post by now: an author with reps posts through it.
    const ours = traversed.split(' ').filter((id) => short(id) !== known.get('2_12AB5C...'))
    expect(ours.slice(1).sort()).toEqual(ids.slice(1).sort())
    expect(await here.answer(printed('freechains chain "#chat" get payload 1_A5EF... # conteudo do bloco'))).toBe(
      'Bom Dia!',
    )
    const heads = await here.answer('freechains chain "#chat" heads')
    expect(heads.split(' ').sort()).toEqual(ids.slice(1).sort())
    expect(await here.answer(`freechains chain "#chat" traverse ${heads}`)).toBe('')
  })

  /** Of what `listen` printed: a post that waits for a welcome elsewhere may be among it. */
  const accepted = (out: string): string[] => out.split('\n').filter((line) => line !== '' && !line.includes(' held '))

  test('§3.1 listen has printed a line for each block as it came', async () => {
    await eventually(
      () => Promise.resolve(listening.out),
      (out) => accepted(out).length >= ids.length,
    )
    expect(accepted(listening.out)).toEqual(ids)
    expect(await here.interrupt(listening)).toMatchObject({ err: '' })
  })

  test('§3.2 a private group, joined the same way by all, and an identity', async () => {
    const key = await here.answer('freechains crypto shared "segredo"')
    expect(key).toBe(
      Buffer.from(await sharedKey('segredo'))
        .toString('hex')
        .toUpperCase(),
    )
    known.set('8889BB...', key)
    const join = printed('freechains chains join "\\$familia" 8889BB...')
    const group = await here.answer(join)
    expect(group).toMatch(/^0_[0-9A-F]{64}$/)
    expect(await there.answer(join)).toBe(group)
    const unsigned = await here.answer('freechains chain "\\$familia" post inline "Jantar às oito"')
    await here.answer(printed('freechains peer 10.0.0.2 send "\\$familia"'))
    expect(await there.answer(`freechains chain "\\$familia" get payload ${unsigned}`)).toBe('Jantar às oito')

    expect(await here.answer(printed('freechains chains join "@EB172E..."'))).toMatch(/^0_[0-9A-F]{64}$/)
    const line = printed('freechains chain "@EB172E..." post inline "Bom Dia!" --sign=96700A...')
    expect(await here.answer(line)).toMatch(/^1_[0-9A-F]{64}$/)
  })

  test('§3.3 like and reps', async () => {
    const held = await here.answer(printed('freechains peer 10.0.0.2 held "#chat"'))
    expect(short(held)).toBe(known.get('2_12AB5C...'))
    const like = await here.answer(printed('freechains chain "#chat" like 2_12AB5C... --sign=96700A...'))
    expect(like).toMatch(/^3_[0-9A-F]{64}$/)
    expect(await here.answer(printed('freechains chain "#chat" reps 2_12AB5C...'))).toBe('1')
    // Thirty, less three posts and a like of today.
    expect(await here.answer(printed('freechains chain "#chat" reps EB172E...'))).toBe('26')
    await here.stop()
  })
})
