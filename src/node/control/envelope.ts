/**
 * The form of a JSON-RPC 2.0 request (the standard's §4); a batch is an array of requests. Params are validated later,
 * by method.
 */
import * as z from 'zod'

/** Longest id that is echoed, and longest name of a method. */
const MAX_ID = 256

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)

const requestSchema = z.object({
  jsonrpc: z.literal('2.0'),
  method: z.string().max(MAX_ID),
  // The standard allows arrays. They pass here and are refused later, because our params are by name.
  params: z.custom<object>((value) => isObject(value) || Array.isArray(value)).optional(),
  id: z.union([z.string().max(MAX_ID), z.number(), z.null()]).exactOptional(),
})

/** A request; without an id, a notification. */
export type RpcRequest = z.output<typeof requestSchema>

/** Parses a request; undefined if `value` is none. */
export function parseRequest(value: unknown): RpcRequest | undefined {
  const parsed = requestSchema.safeParse(value)
  return parsed.success ? parsed.data : undefined
}

/**
 * Validation errors of params or of a result on one line: `chain: expected string, received undefined`. Quotes no
 * values.
 */
export function problemsOf(error: z.ZodError): string {
  return error.issues
    .slice(0, 5)
    .map((issue) => (issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`))
    .join('; ')
}
