/**
 * Generates parts of `docs/control-port.md` from the schema: methods, shapes and codes, as Markdown.
 * `scripts/control-docs` writes them into the page; a test fails when the page is out of date.
 */
import { CLIENT_CODES } from './client/client-error.ts'
import { CONTROL_CODES, RPC_CODES, RPC_MEANINGS, type RpcCode } from './error-codes.ts'
import { jsonSchema, type JsonSchema } from './server/openrpc.ts'
import { aboutMethod, METHODS, READS, type Method } from './schema.ts'
import { blockSchema, eventSchema, listedSchema } from './shapes.ts'

/** Replaces each generated part of the page. A part begins with `<!-- made: NAME -->` and ends with `<!-- end -->`. */
export function renewed(page: string): string {
  return page.replaceAll(
    /(<!-- made: (\w+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_all, begin: string, name: string, end: string) => `${begin}${PARTS[name]?.() ?? ''}${end}`,
  )
}

const PARTS: Readonly<Record<string, () => string>> = {
  methods: () =>
    table(['method', 'what it does', 'params → result'], (Object.keys(METHODS) as Method[]).map(methodRow)),
  shapes: () => {
    const shapes = { block: blockSchema, listed: listedSchema, event: eventSchema }
    const lines = Object.entries(shapes).map(([name, schema]) => `${name} = ${bare(jsonSchema(schema))}\n`)
    return `\`\`\`\n${lines.join('')}\`\`\`\n`
  },
  reads: () => `${[...READS].map((method) => `\`${method}\``).join(', ')}\n`,
  standardCodes: () =>
    table(
      ['`data.code`', '`code`', 'meaning'],
      Object.entries(RPC_CODES).map(([code, number]) => [`\`${code}\``, String(number), RPC_MEANINGS[code as RpcCode]]),
    ),
  codes: () => table(['`data.code`', 'meaning'], codeRows(CONTROL_CODES)),
  clientCodes: () => table(['code', 'meaning'], codeRows(CLIENT_CODES)),
}

function codeRows(codes: Readonly<Record<string, string>>): string[][] {
  return Object.entries(codes).map(([code, about]) => [`\`${code}\``, about])
}

function methodRow(method: Method): string[] {
  const { params, result, note } = METHODS[method]
  const given = bare(jsonSchema(params))
  const shapes = `${given === '{}' ? '' : `\`${given}\` `}→ \`${shown(jsonSchema(result))}\``
  return [`\`${method}\``, aboutMethod(method), note === undefined ? shapes : `${shapes}; ${note}`]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const body = rows.map((cells) => line(cells.map((cell) => cell.replaceAll('|', '\\|'))))
  return `${[line(head), `|${'---|'.repeat(head.length)}`, ...body].join('\n')}\n`
}

/** A schema in short notation: `{chain, ids: [id], all?: boolean}`; the type string is left out. */
function shown(schema: JsonSchema): string {
  return typeof schema['title'] === 'string' ? schema['title'] : bare(schema)
}

function bare(schema: JsonSchema): string {
  const { type, const: only, enum: choices, anyOf, contentEncoding } = schema
  if (only !== undefined) return JSON.stringify(only)
  if (Array.isArray(choices)) return choices.map((choice) => JSON.stringify(choice)).join('|')
  if (Array.isArray(anyOf)) return (anyOf as JsonSchema[]).map(shown).join('|')
  if (type === 'array') return `[${shown(schema['items'] as JsonSchema)}]`
  if (type === 'object') return object(schema)
  if (type === 'integer') return 'number'
  return typeof contentEncoding === 'string' ? contentEncoding : String(type)
}

function object({ properties, required, additionalProperties }: JsonSchema): string {
  if (properties === undefined)
    return typeof additionalProperties === 'object' ? `{…: ${shown(additionalProperties as JsonSchema)}}` : '{}'
  const keys = Object.entries(properties as Record<string, JsonSchema>).map(([key, schema]) => {
    const isOptional = !((required ?? []) as readonly string[]).includes(key)
    const what = shown(schema)
    return `${key}${isOptional ? '?' : ''}${what === 'string' || what === key ? '' : `: ${what}`}`
  })
  return `{${keys.join(', ')}}`
}
