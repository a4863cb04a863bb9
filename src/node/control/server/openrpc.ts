/**
 * The OpenRPC 1.3 document of the control port (spec §10), generated from the schemas that validate params and results.
 * `rpc.discover` returns it. Params are by name; fields that OpenRPC does not define begin with `x-`.
 */
import * as z from 'zod'
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

/** A JSON Schema as plain data. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** The JSON Schema of an object; properties not listed are not allowed. */
interface ObjectSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  /** Sets of keys of which exactly one must be present. */
  readonly oneOf?: readonly { readonly required: readonly string[] }[]
}

let cached: ResultOf<'rpc.discover'> | undefined

/** The document, built at the first call. */
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

/** Input and output types of our schemas are equal, so one JSON Schema serves both directions. */
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

/** By `data.code`, which is what a program should test. */
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
