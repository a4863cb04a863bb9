/**
 * The control port described for programs (spec §10): an OpenRPC 1.3 document, made of the same schemas that check what
 * comes and goes. `rpc.discover` answers it. Params go by name; what OpenRPC has no word for is under `x-`.
 */
import { z } from 'zod'
import { VERSION } from '../../base/version.ts'
import {
  CONTROL_CODES,
  OUR_RPC_CODE,
  RPC_CODES,
  RPC_MEANINGS,
  START_CODES,
  type ControlCode,
  type RpcCode,
} from '../error-codes.ts'
import { isSubscription, METHODS, READS, type Method, type ResultOf } from '../schema.ts'
import { eventSchema } from '../shapes.ts'

/** A JSON schema, as plain data. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** Of an object; what is missing here is not allowed in it. */
interface ObjectSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  /** Sets of keys of which exactly one must be there. */
  readonly oneOf?: readonly { readonly required: readonly string[] }[]
}

let cached: ResultOf<'rpc.discover'> | undefined

/** The document; made at the first call. */
export function openRpcDocument(): ResultOf<'rpc.discover'> {
  cached ??= {
    openrpc: '1.3.2',
    info: {
      title: 'Freechains control port',
      description: 'JSON-RPC 2.0, one JSON text per line, over a unix socket or over TCP behind a cookie.',
      version: VERSION,
    },
    methods: (Object.keys(METHODS) as Method[]).map(methodObject),
    components: { schemas: { event: jsonSchema(eventSchema) }, errors: errorObjects() },
  }
  return cached
}

/** What may come and go is the same on both sides, so one form of the schema is enough. */
export function jsonSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input', target: 'draft-7' })
  return rest
}

function methodObject(name: Method) {
  const { about, params, result, note } = METHODS[name]
  const { properties = {}, required = [], oneOf } = jsonSchema(params) as ObjectSchema
  return {
    name,
    summary: about,
    ...(note === undefined ? {} : { description: note }),
    paramStructure: 'by-name',
    params: Object.entries(properties).map(([param, schema]) => ({
      name: param,
      required: required.includes(param),
      schema,
    })),
    result: { name: 'result', schema: jsonSchema(result) },
    ...(oneOf === undefined ? {} : { 'x-exactly-one-of': oneOf.flatMap((choice) => choice.required) }),
    ...(READS.has(name) ? { 'x-changes-nothing': true } : {}),
    ...(isSubscription(name) ? { 'x-events': { $ref: '#/components/schemas/event' } } : {}),
  }
}

/** By `data.code`, which is what a program should look at. */
function errorObjects() {
  const standard = Object.entries(RPC_CODES).map(([name, code]) =>
    errorObject(name, code, RPC_MEANINGS[name as RpcCode]),
  )
  const ours = Object.entries(CONTROL_CODES).filter(([name]) => !START_CODES.includes(name as ControlCode))
  return Object.fromEntries([...standard, ...ours.map(([name, about]) => errorObject(name, OUR_RPC_CODE, about))])
}

function errorObject(name: string, code: number, message: string) {
  return [name, { code, message, data: { code: name } }] as const
}
