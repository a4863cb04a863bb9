/**
 * From JSON-RPC requests to handlers and back (spec §10): validates params, maps errors, and handles batches and
 * notifications as the standard demands. It knows no sockets: a connection passes parsed lines and sends the answers.
 */
import { JSONRPCServer, type JSONRPCResponse } from 'json-rpc-2.0'
import type { Logger } from '../../base/log.ts'
import { helloMac, sameSecret } from '../auth.ts'
import { parseRequest, problemsOf, type RpcRequest } from '../envelope.ts'
import { ControlError } from '../error-codes.ts'
import { openRpcDocument } from './openrpc.ts'
import type { CallContext, Handlers, Method, ParamsOf, Subscription } from '../schema.ts'
import type { ControlEvent } from '../shapes.ts'
import { isMethod, isSubscription, LARGE_ANSWERS, METHODS } from '../schema.ts'

/** What a connection offers to the calls of one line. */
export interface CallScope extends CallContext {
  /** Registers a subscription and returns its number. @throws {ControlError} there are too many */
  subscribe(events: AsyncIterable<ControlEvent>): number
  /** Marks the connection as authenticated. */
  trust(): void
  /** Runs `action` once the answer is sent. */
  afterAnswer(action: () => void): void
  /** Makes an answer that may be large, when it is its turn. */
  large(make: () => Promise<unknown>): Promise<unknown>
}

export interface DispatcherModules {
  readonly handlers: Handlers
  readonly log: Logger
  readonly requestStop: () => void
}

type AnyHandler = (params: unknown, context: CallContext) => Promise<unknown>

export class Dispatcher {
  readonly #token: string
  readonly #modules: DispatcherModules
  readonly #rpc: JSONRPCServer<CallScope>

  constructor(token: string, modules: DispatcherModules) {
    this.#token = token
    this.#modules = modules
    // `#toControlError` logs errors; the library's default listener prints them to the console.
    this.#rpc = new JSONRPCServer<CallScope>({ errorListener: () => undefined })
    this.#rpc.mapErrorToJSONRPCErrorResponse = (id, error) => ({
      jsonrpc: '2.0',
      id,
      error: this.#toControlError(error).toJSON(),
    })
    for (const method of Object.keys(METHODS) as Method[]) {
      this.#rpc.addMethod(method, (params, scope) => this.#call(method, params, scope))
    }
  }

  /** Answers a parsed line; undefined when there is nothing to send. Never rejects. */
  async answer(message: unknown, batchLimit: number, scope: CallScope): Promise<object | undefined> {
    if (!Array.isArray(message)) return (await this.#answerOne(message, scope)) ?? undefined
    if (message.length === 0 || message.length > batchLimit) {
      return errorResponse(
        null,
        new ControlError('bad-request', `a batch has 1 to ${String(batchLimit)} requests: split it`),
      )
    }
    const answers = await Promise.all(message.map((one) => this.#answerOne(one, scope)))
    const sent = answers.filter((one) => one !== null)
    return sent.length === 0 ? undefined : sent
  }

  async #answerOne(message: unknown, scope: CallScope): Promise<JSONRPCResponse | null> {
    const request = parseRequest(message)
    if (request === undefined) {
      return errorResponse(idOf(message), notARequest())
    }
    if (!isMethod(request.method)) return this.#unknown(request)
    // A notification has no answer, so its caller could never learn the subscription's number.
    if (request.id === undefined && isSubscription(request.method)) return null
    return await this.#rpc.receive(request, scope)
  }

  #unknown(request: RpcRequest): JSONRPCResponse | null {
    if (request.id === undefined) return null
    return errorResponse(
      request.id,
      new ControlError('unknown-method', 'there is no such method: ask rpc.discover, or see docs/control-port.md'),
    )
  }

  async #call(method: Method, given: unknown, scope: CallScope): Promise<unknown> {
    if (Array.isArray(given)) throw new ControlError('bad-params', 'params go by name: expected an object')
    const parsed = METHODS[method].params.safeParse(given ?? {})
    if (!parsed.success) throw new ControlError('bad-params', `wrong params: ${problemsOf(parsed.error)}`)
    const params: unknown = parsed.data
    switch (method) {
      case 'hello':
        return { hmac: helloMac(this.#token, (params as ParamsOf<'hello'>).nonce) }
      case 'auth':
        if (!sameSecret((params as ParamsOf<'auth'>).token, this.#token)) {
          throw new ControlError('unauthorized', 'this is not the token in the cookie: read the cookie file again')
        }
        scope.trust()
        return true
      case 'rpc.discover':
        return openRpcDocument()
      case 'host.stop':
        scope.afterAnswer(this.#modules.requestStop)
        return true
      default: {
        const handle = (): Promise<unknown> => (this.#modules.handlers[method] as AnyHandler)(params, scope)
        const result = await (LARGE_ANSWERS.has(method) ? scope.large(handle) : handle())
        if (!isSubscription(method)) return result
        const { events, from } = result as Subscription
        return { subscription: scope.subscribe(events), from }
      }
    }
  }

  #toControlError(error: unknown): ControlError {
    if (error instanceof ControlError) return error
    const facts = error instanceof Error ? { name: error.name, message: error.message, stack: error.stack } : {}
    this.#modules.log.error('control.call-failed', facts)
    return new ControlError('internal', 'the daemon failed at this call: its log says why')
  }
}

/** The error for JSON that is no JSON-RPC request. */
export function notARequest(): ControlError {
  const form = '{"jsonrpc":"2.0","id":1,"method":"…","params":{…}}'
  return new ControlError('bad-request', `this is no JSON-RPC 2.0 request: send ${form}`)
}

/** An error response of JSON-RPC 2.0. */
export function errorResponse(id: string | number | null, error: ControlError): JSONRPCResponse {
  return { jsonrpc: '2.0', id, error: error.toJSON() }
}

/** The id of an invalid request, if it has one. */
function idOf(message: unknown): string | number | null {
  if (typeof message !== 'object' || message === null || !('id' in message)) return null
  const { id } = message
  return (typeof id === 'string' && id.length <= 256) || typeof id === 'number' ? id : null
}
