/**
 * A control port on no socket, for fuzzing: the real connection, dispatcher and schemas, with handlers that do nothing.
 * Everything that a client sends is answered with JSON-RPC or a close, and nothing is done for who has shown no token.
 */
import { Duplex, type Readable } from 'node:stream'
import type { Socket } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { Connection } from '../../src/node/control/server/connection.ts'
import { Dispatcher } from '../../src/node/control/server/dispatcher.ts'
import { CONTROL_CODES, RPC_CODES } from '../../src/node/control/error-codes.ts'
import { CONTROL_LIMITS, type ControlLimits } from '../../src/node/control/port-limits.ts'
import { LineTooLong, NotJsonRpc, readLines } from '../../src/node/control/json-lines.ts'
import type { Handlers } from '../../src/node/control/schema.ts'
import type { Logger } from '../../src/node/base/log.ts'
import { Broken } from './fuzz-laws.ts'
import { TOKEN } from './fuzz-samples.ts'

const LIMITS: ControlLimits = { ...CONTROL_LIMITS, lineBeforeAuthBytes: 1024, lineBytes: 8192 }

/** The shortest wrong call is one digit and a comma in a batch; what it is told has some 130 characters. */
const ANSWER_PER_BYTE = 160
const ANSWER_AT_ALL = 512

const CODES = new Set<string>([...Object.keys(CONTROL_CODES), ...Object.keys(RPC_CODES)])

interface Served {
  readonly answers: readonly unknown[]
  /** Without the documents that `rpc.discover` answers. */
  readonly answerChars: number
  readonly calls: number
  readonly documents: number
  /** What the log says that no client may cause. */
  readonly alarms: readonly string[]
}

function cut(bytes: Uint8Array, size: number): Buffer[] {
  const chunks: Buffer[] = []
  for (let from = 0; from < bytes.length; from += size) chunks.push(Buffer.from(bytes.slice(from, from + size)))
  return chunks
}

/** Why the lines ended, or what the first answer to a client that is trusted is. @throws {Broken} */
export async function checkControl(bytes: Uint8Array): Promise<string> {
  const lines = await linesOf(bytes, bytes.length)
  for (const size of [1, 7]) {
    if (!isDeepStrictEqual(await linesOf(bytes, size), lines)) throw new Broken('lines depend on cuts', bytes)
  }
  const trusted = await served(bytes, true)
  checkAnswers(bytes, trusted)
  if (!isDeepStrictEqual(inAnyOrder(await served(bytes, true)), inAnyOrder(trusted))) {
    throw new Broken('it answers something else the second time', bytes)
  }
  const stranger = await served(bytes, false)
  checkAnswers(bytes, stranger)
  const hasToken = Buffer.from(bytes).includes(TOKEN)
  if (stranger.calls + stranger.documents > 0 && !hasToken) throw new Broken('a stranger is served', bytes)
  return lines.end ?? (trusted.answers.length === 0 ? 'nothing' : codeOf(trusted.answers.flat()[0]))
}

/** A long answer is written in slices, so that a short one may overtake it: on a busy machine now and then. */
function inAnyOrder({ answers, ...served }: Served): Served {
  return { ...served, answers: answers.map((answer) => JSON.stringify(answer)).sort() }
}

interface Lines {
  readonly lines: readonly string[]
  readonly end?: string
}

/** The lines that come in chunks of this size; never holds more than a line and a chunk. */
async function linesOf(bytes: Uint8Array, size: number): Promise<Lines> {
  const lines: string[] = []
  let held = 0
  async function* chunks(): AsyncGenerator<Buffer, void> {
    for (const chunk of cut(bytes, Math.max(1, size))) {
      if (held > LIMITS.lineBytes) throw new Broken('it reads on behind a line that is too long', bytes)
      held += chunk.length
      yield chunk
    }
  }
  const stream = { iterator: chunks } as unknown as Readable
  try {
    for await (const line of readLines(stream, () => LIMITS.lineBytes)) {
      held = Math.max(0, held - line.length - 1)
      lines.push(line.toString('latin1'))
    }
    return { lines }
  } catch (error) {
    if (error instanceof LineTooLong || error instanceof NotJsonRpc) return { lines, end: error.name }
    throw error instanceof Broken ? error : new Broken(`it throws ${String(error)}`, bytes, error)
  }
}

async function served(bytes: Uint8Array, trusted: boolean): Promise<Served> {
  let calls = 0
  let sent = ''
  const alarms: string[] = []
  const alarm = (event: string, facts?: object): void => void alarms.push(`${event} ${JSON.stringify(facts)}`)
  const log: Logger = {
    debug: (event, facts) => (event === 'control.connection-failed' ? alarm(event, facts) : undefined),
    info: () => undefined,
    warn: alarm,
    error: alarm,
  }
  const handlers = new Proxy({} as Handlers, {
    get: (_, method) => async () => {
      calls += 1
      return method === 'chain.listen' || method === 'chains.listen' ? { events: noEvents(), from: [] } : null
    },
  })
  const chunks = cut(bytes, 4096)
  const socket = new Duplex({
    read: () => void socket.push(chunks.shift() ?? null),
    write: (chunk: Buffer, _, done) => {
      sent += chunk.toString('utf8')
      done()
    },
  })
  const dispatcher = new Dispatcher(TOKEN, { handlers, log, requestStop: () => undefined })
  const asSocket = Object.assign(socket, { setNoDelay: () => socket }) as unknown as Socket
  await new Connection(asSocket, { limits: LIMITS, trusted }, { dispatcher, log }).run()
  const answers = sent.split('\n').slice(0, -1).map(parsed)
  const documents = answers.flat().filter(isDocument)
  const answerChars = sent.length - documents.reduce<number>((sum, one) => sum + JSON.stringify(one).length, 0)
  return {
    answers: answers.filter((answer) => !isEvent(answer)),
    answerChars,
    calls,
    documents: documents.length,
    alarms,
  }
}

/** The one answer that is much longer than its call. */
function isDocument(answer: unknown): boolean {
  return (answer as { result?: { openrpc?: unknown } | null }).result?.openrpc !== undefined
}

async function* noEvents(): AsyncGenerator<never, void> {}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return line
  }
}

function isEvent(answer: unknown): boolean {
  return (answer as { method?: unknown }).method === 'event'
}

function checkAnswers(bytes: Uint8Array, { answers, answerChars, alarms }: Served): void {
  if (alarms.length > 0) throw new Broken(`it raises ${alarms.join(', ')}`, bytes)
  if (answerChars > ANSWER_PER_BYTE * bytes.length + ANSWER_AT_ALL) throw new Broken('it answers too much', bytes)
  for (const answer of answers.flat()) {
    if (!isAnswer(answer)) throw new Broken(`it answers ${JSON.stringify(answer)}`, bytes)
  }
}

function isAnswer(answer: unknown): boolean {
  if (typeof answer !== 'object' || answer === null) return false
  const { jsonrpc, id, result, error } = answer as Record<string, unknown>
  const isNamed = id === null || typeof id === 'string' || typeof id === 'number'
  if (jsonrpc !== '2.0' || !isNamed || (result === undefined) === (error === undefined)) return false
  return error === undefined || CODES.has(codeOf(answer))
}

/** `answered`, or the code of the refusal. */
function codeOf(answer: unknown): string {
  const { error } = answer as { error?: { data?: { code?: string } } }
  return error === undefined ? 'answered' : (error.data?.code ?? '')
}
