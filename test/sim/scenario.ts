/** What a simulated run goes through: the files of `config/sim`, checked; `config/README.md` says what each key means. */
import { readdirSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { GET_IDS } from '../../src/protocol/sync-limits.ts'

const DIRECTORY = new URL('../../config/sim/', import.meta.url)

const share = z.number().min(0).max(1)
const minutes = z.number().positive()

const shape = z.strictObject({
  about: z.string(),
  cores: z.int().min(2),
  /** From each core, beside the ring that links all. */
  links: z.int().min(0),
  /** How long people act and things go wrong. */
  minutes,
  acts: z.int().min(1),
  /** Each clock is off by up to so much, either way. */
  clocksOffMinutes: z.number().min(0),
  latencyMs: z.tuple([z.number().min(0), z.number().positive()]),
  gossip: z.strictObject({ lost: share, doubled: share }),
  /** Of all messages on sync streams. */
  streamCut: share,
  pulls: z.strictObject({
    /** Blocks that one request asks for, at most. */
    ids: z.int().min(1).max(GET_IDS),
    /** Of all cores: each reply of theirs takes so much longer. */
    slow: share,
    slowMs: z.tuple([z.number().min(0), z.number().positive()]),
    /** Of all requests for blocks: there is never a reply. */
    stalled: share,
  }),
  partitions: z.array(z.strictObject({ fromMinute: z.number().min(0), toMinute: minutes, parts: z.int().min(2) })),
  churn: z.strictObject({
    /** Times that some core goes down. */
    falls: z.int().min(0),
    downMinutes: z.tuple([minutes, minutes]),
    /** Of all falls: the disk loses its last changes. */
    forgetful: share,
    mostForgotten: z.int().min(0),
  }),
})

export type Scenario = z.infer<typeof shape>

/** Names, in alphabetical order. */
export function scenarios(): string[] {
  return readdirSync(DIRECTORY)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort()
}

/** @throws if there is no such file, or what is wrong in it */
export function loadScenario(name: string): Scenario {
  const text = readFileSync(new URL(`${name}.json`, DIRECTORY), 'utf8')
  return parseScenario(name, JSON.parse(text))
}

export function parseScenario(name: string, value: unknown): Scenario {
  const parsed = shape.safeParse(value)
  if (parsed.success) return parsed.data
  throw new Error(`config/sim/${name}.json: ${z.prettifyError(parsed.error)}`)
}
