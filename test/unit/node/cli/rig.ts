/** Runs command lines in this process against a fake daemon. */
import { randomUUID } from 'node:crypto'
import { readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { VerifyCommandOptions } from '../../../../src/node/daemon/verify-command.ts'
import type { DaemonOptions } from '../../../../src/node/daemon/daemon.ts'
import { run } from '../../../../src/node/cli/run.ts'
import { ReaderGone } from '../../../../src/node/cli/io.ts'
import { privateKeyOf } from '../../../../src/node/control/client/signing.ts'
import type { Endpoint } from '../../../../src/node/control/client/dial.ts'
import type { ControlCaller } from '../../../../src/node/control/client/rpc-client.ts'
import type { OutageCallbacks } from '../../../../src/node/control/client/reconnect.ts'
import type { ControlEvent } from '../../../../src/node/control/shapes.ts'

export interface Outcome {
  readonly status: number
  readonly out: string
  readonly err: string
  /** The calls that the daemon got. */
  readonly calls: (readonly [string, unknown])[]
  readonly endpoints: Endpoint[]
  readonly started: DaemonOptions[]
  /** The options that `check` got. */
  readonly checked: VerifyCommandOptions[]
  /** Each address that a browser got, with the content and mode of its file. */
  readonly opened: { readonly address: string; readonly content: string; readonly mode: number }[]
}

/** The callbacks of a client about its connection. */
export interface Told extends OutageCallbacks {
  readonly onBegin?: (() => void) | undefined
}

export interface FakeDaemon {
  /** Results by method, or functions of the params; an `Error` is thrown. */
  readonly results?: Readonly<Record<string, unknown>>
  /**
   * Events of a subscription, with connection changes between them. After the last comes Ctrl-C, unless the last is
   * `removed` or `lost` is set.
   */
  readonly events?: readonly (ControlEvent | ((told: Told) => void | Promise<void>))[]
  /** The error that ends a subscription after its events; none by default. */
  readonly lost?: Error
  readonly stdin?: string | AsyncIterable<Uint8Array>
  /** Stdout is a terminal. */
  readonly isTerminal?: boolean
  /** Stdin and stderr are a terminal. */
  readonly canAsk?: boolean
  readonly env?: Readonly<Record<string, string>>
  /** Stdout breaks after this many writes. */
  readonly readerLeavesAfter?: number
  readonly connectError?: Error
  readonly interrupt?: AbortSignal
  /** Problems that `check` reports; none by default. */
  readonly problems?: readonly string[]
  /** Why there is no browser. */
  readonly noBrowser?: Error
}

/** What a daemon answers unless the test says otherwise: a chain that has no founder to choose. */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  'chain.founder': { isOpen: false, blocks: 0, founders: [] },
  'chain.profiles': [],
}

function collector(limit = Infinity): { stream: Writable; text: () => string } {
  let text = ''
  let writes = 0
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (++writes > limit) {
        done(Object.assign(new ReaderGone('write EPIPE'), { code: 'EPIPE' }))
        return
      }
      text += chunk.toString('utf8')
      done()
    },
  })
  stream.on('error', () => undefined)
  return { stream, text: () => text }
}

type Call = readonly [string, unknown]
interface Drafted {
  readonly like?: string
  readonly dislike?: string
}

/** A draft and its submit are one call in {@link Outcome.calls}: what it stands for, with `author` in place of the private key. */
function callDrafted({ like, dislike, ...rest }: Drafted): Call {
  if (like !== undefined) return ['chain.like', { ...rest, id: like }]
  return dislike === undefined ? ['chain.post', rest] : ['chain.dislike', { ...rest, id: dislike }]
}

/** A private key; {@link command} has it in the environment as `PVT`. */
export const PVT = privateKeyOf(new Uint8Array(32).fill(0xab))
export const PUB = PVT.slice(64)

/** Splits at blanks outside quotes, as a shell does. */
export function shell(line: string): string[] {
  return [...line.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) => word.replaceAll(/["']/g, ''))
}

export async function command(argv: readonly string[], daemon: FakeDaemon = {}): Promise<Outcome> {
  const out = collector(daemon.readerLeavesAfter)
  const err = collector()
  const isTTY = daemon.canAsk ?? false
  const given = typeof daemon.stdin === 'object' ? daemon.stdin : new PassThrough().end(daemon.stdin ?? '')
  const stdin = Object.assign(given, { isTTY })
  const calls: Outcome['calls'] = []
  const endpoints: Endpoint[] = []
  const started: DaemonOptions[] = []
  const checked: VerifyCommandOptions[] = []
  const opened: Outcome['opened'] = []
  let told: Told = {}
  const ctrlC = new AbortController()
  // Not there, so that nothing of whoever runs the tests is read.
  const home = join(tmpdir(), `fc-${randomUUID()}`)
  let drafted: Call = ['chain.post', {}]
  const caller: ControlCaller = {
    call: async (asked, given) => {
      if (asked === 'chain.draft') {
        drafted = callDrafted(given as Drafted)
        return { draft: '1_AB', header: '' } as never
      }
      const [method, params]: Call = asked === 'chain.submit' ? drafted : [asked, given]
      calls.push([method, params])
      const made = daemon.results?.[method] ?? DEFAULTS[method]
      const result: unknown = typeof made === 'function' ? (made as (params: unknown) => unknown)(params) : made
      if (result instanceof Error) throw result
      return result as never
    },
    close: () => {},
  }
  async function* subscribe(method: string, params: object, onBegin?: () => void): AsyncGenerator<ControlEvent> {
    calls.push([method, params])
    onBegin?.()
    for (const event of daemon.events ?? []) {
      if (typeof event === 'function') await event({ ...told, onBegin })
      else yield event
    }
    if (daemon.lost !== undefined) throw daemon.lost
    const last = daemon.events?.at(-1)
    if (typeof last !== 'object' || last.kind !== 'removed') ctrlC.abort()
  }
  const status = await run(
    argv,
    {
      stdin,
      stdout: Object.assign(out.stream, { isTTY: daemon.isTerminal ?? false }),
      stderr: Object.assign(err.stream, { isTTY }),
      env: { HOME: home, PVT, ...daemon.env },
      signal: daemon.interrupt ?? ctrlC.signal,
    },
    {
      connect: async (endpoint) => {
        endpoints.push(endpoint)
        if (daemon.connectError !== undefined) throw daemon.connectError
        return caller
      },
      connectPersistent: async (endpoint, { onAway, onBack }) => {
        endpoints.push(endpoint)
        if (daemon.connectError !== undefined) throw daemon.connectError
        told = { onAway: (why) => onAway?.(why), onBack: () => onBack?.() }
        return {
          ...caller,
          listen: (chain, { from, onBegin }) =>
            subscribe('chain.listen', { chain, ...(from === undefined ? {} : { from }) }, onBegin),
          listenAll: () => subscribe('chains.listen', {}),
        }
      },
      runVerify: async (options, tell) => {
        checked.push(options)
        for (const problem of daemon.problems ?? []) await tell(problem, true)
        await tell('#chat 2 blocks: told', false)
        return (daemon.problems ?? []).length === 0
      },
      runDaemon: async (options) => {
        started.push(options)
      },
      openInBrowser: async (address) => {
        if (daemon.noBrowser !== undefined) throw daemon.noBrowser
        const path = fileURLToPath(address)
        opened.push({ address, content: await readFile(path, 'utf8'), mode: (await stat(path)).mode & 0o777 })
      },
    },
  )
  await rm(home, { recursive: true, force: true })
  return { status, out: out.text(), err: err.text(), calls, endpoints, started, checked, opened }
}
