/**
 * How far the user has read each chain of a node (spec §11): the cursor of a listener, kept on this machine. By cursor and not
 * by time: what comes late is new, however old its author says that it is.
 */
import { join } from 'node:path'
import { stateDir } from './config-dir.ts'
import { CommandError, type Io } from './io.ts'
import { changeUserFile, readUserFile } from './user-files.ts'

/** Cursors by name of chain. */
export type Marks = Readonly<Record<string, readonly string[]>>

/** @param port - of the node: another one on this machine has other chains */
export async function openMarks({ env }: Pick<Io, 'env'>, port: number): Promise<Marks> {
  const path = marksPath(env, port)
  return marksIn(await readUserFile(path), path)
}

/** Moves the marks of these chains. */
export async function moveMarks(io: Pick<Io, 'env' | 'signal'>, port: number, to: Marks): Promise<void> {
  const path = marksPath(io.env, port)
  await changeUserFile(path, io, (before) => `${JSON.stringify({ ...marksIn(before, path), ...to })}\n`)
}

function marksPath(env: Io['env'], port: number): string {
  return join(stateDir(env), `inbox-${String(port)}.json`)
}

function marksIn(text: string | undefined, path: string): Marks {
  try {
    const parsed: unknown = JSON.parse(text ?? '{}')
    if (isMarks(parsed)) return parsed
  } catch {
    // It is said below.
  }
  throw new CommandError(`${path} is damaged: remove it, then all chains are unread once more`)
}

function isMarks(value: unknown): value is Marks {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.values(value).every((ids) => Array.isArray(ids) && ids.every((id) => typeof id === 'string'))
}
