/**
 * The client for a page that the node serves (spec §10, *Page*): `client.ts` over a WebSocket, with the cryptography of browsers.
 * The cookie of the page's session authenticates it.
 */
import './no-jit.ts'
import { fromBase64, fromHex, toBase64 } from './browser-bytes.ts'
import { Client, type ClientOptions } from './client.ts'
import { ClientError, clientError } from './client-error.ts'
import { SIGNED_PREFIX, signAndSubmit, type DraftBytes, type Drafting, type Signer } from './drafting.ts'
import { ControlClient, type ControlCaller, type Transport } from './rpc-client.ts'
import type { ResultOf } from '../schema.ts'

export { ClientError } from './client-error.ts'
export type { ChainCursor, ChainsCursor, Client, ClientOptions, Listening, ListenOptions } from './client.ts'
export type { Drafting, Signer } from './drafting.ts'
export type { Known, Method, ParamsOf, ResultFor, ResultOf, SubscriptionMethod } from '../schema.ts'
export type { BlockView, ControlEvent, ListedBlock } from '../shapes.ts'

const PRIVATE_KEY = /^([0-9A-Fa-f]{64})([0-9A-Fa-f]{64})$/

/** A client of the node that served this page. Its calls fail with `signed-out` when the session has ended. */
export function connect(options: ClientOptions = {}): Client {
  return new Client({ open, bytes: BROWSER_BYTES, signerOf }, options)
}

/** The signer with a private key of 128 hex digits. @throws {ClientError} `bad-key` */
export function signerOf(pvt: string): Signer {
  const [, seed = '', author = ''] = PRIVATE_KEY.exec(pvt) ?? []
  if (seed === '') throw new ClientError('bad-key', 'wrong key: expected a private key of 128 hex digits')
  // A browser refuses a public key that is not the seed's.
  const jwk = { kty: 'OKP', crv: 'Ed25519', d: base64Url(fromHex(seed)), x: base64Url(fromHex(author)) }
  const key = crypto.subtle.importKey('jwk', jwk, 'Ed25519', false, ['sign'])
  // It is said when it is used.
  key.catch(() => undefined)
  return {
    author: author.toUpperCase(),
    // With a buffer of its own, as WebCrypto's types demand.
    sign: async (bytes) => new Uint8Array(await crypto.subtle.sign('Ed25519', await key, new Uint8Array(bytes))),
  }
}

/** Drafts, signs and submits; again if the draft was overtaken. @throws {ClientError} */
export async function postSigned(
  client: Pick<ControlCaller, 'call'>,
  drafting: Drafting,
  signer: Signer,
): Promise<ResultOf<'chain.submit'>> {
  return await signAndSubmit(client, drafting, signer, BROWSER_BYTES)
}

const BROWSER_BYTES: DraftBytes = {
  signed: async (header) => {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', fromBase64(header)))
    return new Uint8Array([...new TextEncoder().encode(SIGNED_PREFIX), ...digest])
  },
  base64: toBase64,
}

async function open(closed: AbortSignal): Promise<ControlClient> {
  const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/rpc`)
  const messages = new Messages(socket)
  const isOpen = await new Promise<boolean>((resolve) => {
    socket.addEventListener('open', () => resolve(true), { once: true })
    socket.addEventListener('close', () => resolve(false), { once: true })
  })
  if (!isOpen) throw await whyNot()
  const client = new ControlClient(messages)
  const onAbort = (): void => client.close()
  closed.addEventListener('abort', onAbort, { once: true })
  socket.addEventListener('close', () => closed.removeEventListener('abort', onAbort), { once: true })
  if (closed.aborted) client.close()
  return client
}

/** A browser does not tell a page why a WebSocket was refused. */
async function whyNot(): Promise<ClientError> {
  const session = await fetch('/session').catch(() => undefined)
  if (session === undefined) return clientError('no-daemon', 'the node does not answer: it may have stopped')
  if (session.status === 401) return clientError('signed-out', 'this browser is not signed in: open a new link')
  return clientError('no-daemon', 'the node does not take the connection now')
}

/** Messages that came and were not read; a page reads at once. */
class Messages implements Transport {
  readonly #socket: WebSocket
  #queue: string[] = []
  #isClosed = false
  #wake: (() => void) | undefined

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => {
      this.#queue.push(String(data))
      this.#wake?.()
    })
    socket.addEventListener('close', () => {
      this.#isClosed = true
      this.#wake?.()
    })
  }

  send(message: string): void {
    this.#socket.send(message)
  }

  async *messages(): AsyncGenerator<string> {
    for (;;) {
      const queue = this.#queue
      this.#queue = []
      yield* queue
      if (this.#queue.length > 0) continue
      if (this.#isClosed) return
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  close(): void {
    this.#socket.close()
  }
}

function base64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
