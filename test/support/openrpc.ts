/** An independent reader of an OpenRPC document: JSON Schema by ajv, nothing by the code under test. */
import * as metaSchema from '@open-rpc/meta-schema'
import { Ajv, type ValidateFunction } from 'ajv'

interface Descriptor {
  readonly name: string
  readonly required?: boolean
  readonly schema: object
}

interface MethodObject {
  readonly name: string
  readonly params: readonly Descriptor[]
  readonly result: Descriptor
  readonly 'x-exactly-one-of'?: readonly string[]
}

export interface Document {
  readonly methods: readonly MethodObject[]
  readonly components: {
    readonly schemas: Readonly<Record<string, object>>
    readonly errors: Readonly<Record<string, { readonly code: number; readonly data: { readonly code: string } }>>
  }
}

/** Where OpenRPC's own schema takes JSON Schema from: draft 7, as OpenRPC 1 demands. */
const JSON_SCHEMA = { $id: 'https://meta.json-schema.tools', $ref: 'http://json-schema.org/draft-07/schema#' }

/** OpenRPC's schema points at a key called `$ref` in JSON Schema's own, which ajv takes for a reference: it is text. */
const REF_OF_REF = '"$ref":"https://meta.json-schema.tools/#/definitions/JSONSchemaObject/properties/$ref"'

/** What is wrong with a document as OpenRPC; empty if nothing is. */
export function problemsOfDocument(document: unknown): string[] {
  // Its types speak of documents and leave out the schema, which is all that it has.
  const { openrpcDocument } = metaSchema as unknown as { readonly openrpcDocument: object }
  const text = JSON.stringify({ ...openrpcDocument, $schema: undefined })
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true })
  ajv.addSchema(JSON_SCHEMA)
  return problems(ajv.compile(JSON.parse(text.replaceAll(REF_OF_REF, '"type":"string"')) as object), document)
}

/** Checks calls as a program does that knows the document alone. */
export class Reader {
  readonly methods: readonly string[]
  readonly errors: Document['components']['errors']
  readonly #params = new Map<string, ValidateFunction>()
  readonly #results = new Map<string, ValidateFunction>()
  readonly #event: ValidateFunction

  constructor(document: Document) {
    const ajv = new Ajv({ strict: true, allowUnionTypes: true })
    this.methods = document.methods.map(({ name }) => name)
    this.errors = document.components.errors
    this.#event = ajv.compile(document.components.schemas['event'] ?? false)
    for (const method of document.methods) {
      this.#params.set(method.name, ajv.compile(paramsOf(method)))
      this.#results.set(method.name, ajv.compile(method.result.schema))
    }
  }

  /** What is wrong with a call's params. */
  params(method: string, params: unknown): string[] {
    return problems(this.#params.get(method), params)
  }

  result(method: string, result: unknown): string[] {
    return problems(this.#results.get(method), result)
  }

  event(event: unknown): string[] {
    return problems(this.#event, event)
  }
}

/** By name, and nothing besides. */
function paramsOf({ params, 'x-exactly-one-of': one }: MethodObject): object {
  return {
    type: 'object',
    properties: Object.fromEntries(params.map(({ name, schema }) => [name, schema])),
    required: params.filter(({ required }) => required === true).map(({ name }) => name),
    additionalProperties: false,
    ...(one === undefined
      ? {}
      : { oneOf: one.map((name) => ({ required: [name], type: 'object', properties: { [name]: true } })) }),
  }
}

function problems(validate: ValidateFunction | undefined, value: unknown): string[] {
  if (validate === undefined) return ['the document does not name it']
  if (validate(value)) return []
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? 'is wrong'}`)
}
