/** The page's server on a free port, over a control server with fake handlers; and requests as a browser or an attacker sends them. */
import { mkdir, writeFile } from 'node:fs/promises'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { silentLogger } from '../../../../src/node/base/log.ts'
import { WebServer } from '../../../../src/node/web/web-server.ts'
import { startRig, type Rig } from '../control/rig.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Asking {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export class WebRig {
  readonly server: WebServer
  readonly control: Rig
  readonly port: number
  /** What the node would keep on disk. */
  readonly stored: { entries: readonly string[] }

  constructor(parts: Pick<WebRig, 'server' | 'control' | 'port' | 'stored'>) {
    this.server = parts.server
    this.control = parts.control
    this.port = parts.port
    this.stored = parts.stored
  }

  get origin(): string {
    return `http://127.0.0.1:${String(this.port)}`
  }

  async ask({ method = 'GET', path = '/', headers = {}, body }: Asking = {}): Promise<Answer> {
    return await new Promise((resolve, reject) => {
      const asked = httpRequest({ host: '127.0.0.1', port: this.port, method, path, headers }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          const { statusCode: status = 0, headers: got } = response
          resolve({ status, headers: got, body: Buffer.concat(chunks).toString('utf8') })
        })
      })
      asked.on('error', reject)
      asked.end(body)
    })
  }

  /** What the page does with the token of a link. */
  async signIn(token = tokenOf(this.server.link()), headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const body = JSON.stringify({ token })
    return await this.ask({ method: 'POST', path: '/session', headers: { origin: this.origin, ...headers }, body })
  }

  /** The cookie of a browser that is signed in. */
  async cookie(): Promise<string> {
    return cookieIn(await this.signIn())
  }

  /** A WebSocket as a page of `origin` opens it. Resolves to the status if it is refused. */
  async socket(headers: Readonly<Record<string, string>>, path = '/rpc'): Promise<WebSocket | number> {
    const socket = new WebSocket(`ws://127.0.0.1:${String(this.port)}${path}`, { headers })
    onTestFinished(() => socket.terminate())
    const messages: Buffer[] = []
    heard.set(socket, messages)
    // The first may come with the answer that opens it.
    socket.on('message', (data: Buffer) => messages.push(data))
    return await new Promise((resolve, reject) => {
      socket.once('open', () => resolve(socket))
      socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0))
      socket.once('error', reject)
    })
  }

  async openSocket(cookie?: string): Promise<WebSocket> {
    const socket = await this.socket({ origin: this.origin, cookie: cookie ?? (await this.cookie()) })
    if (typeof socket === 'number') throw new Error(`refused: ${String(socket)}`)
    return socket
  }
}

/** What came on a socket and was not taken yet. */
const heard = new WeakMap<WebSocket, Buffer[]>()

/** The next messages. */
export async function next(socket: WebSocket, count: number): Promise<unknown[]> {
  const messages = heard.get(socket) ?? []
  await expect.poll(() => messages.length).toBeGreaterThanOrEqual(count)
  return messages.splice(0, count).map((data) => JSON.parse(data.toString('utf8')) as unknown)
}

export function tokenOf(link: string): string {
  return new URL(link).hash.replace('#token=', '')
}

export function cookieIn({ headers }: Answer): string {
  return headers['set-cookie']?.[0]?.split(';')[0] ?? ''
}

export interface RigOptions {
  readonly control?: Parameters<typeof startRig>[0]
  readonly nowMs?: () => number
  readonly stored?: { entries: readonly string[] }
  readonly messageBytes?: number
  /** Whether the page was built. */
  readonly isBuilt?: boolean
}

export async function startWeb(options: RigOptions = {}): Promise<WebRig> {
  const control = await startRig(options.control)
  const folder = join(control.dir, 'page')
  if (options.isBuilt !== false) {
    await mkdir(join(folder, 'assets'), { recursive: true })
    await writeFile(join(folder, 'index.html'), '<!doctype html><title>the page</title>')
    await writeFile(join(folder, 'assets', 'page-1a2b.js'), 'export {}')
  }
  await writeFile(join(control.dir, 'secret.txt'), 'a secret')
  const stored = options.stored ?? { entries: [] }
  const server = new WebServer(
    { host: '127.0.0.1', port: 0, folder, messageBytes: options.messageBytes ?? 100_000 },
    {
      log: silentLogger,
      serve: (stream) => control.server.serve(stream),
      nowMs: options.nowMs ?? (() => Date.now()),
      store: {
        load: () => Promise.resolve(stored.entries),
        save: (entries) => {
          stored.entries = entries
          return Promise.resolve()
        },
      },
    },
  )
  const started = await server.start()
  if (!started.ok) throw new Error(started.fault.code)
  onTestFinished(() => server.stop())
  return new WebRig({ server, control, port: started.value.port, stored })
}
