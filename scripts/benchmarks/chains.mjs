// Long chains on disk, built once under .bench, which git ignores, and copied for each use.
import { cp, mkdir, rename, rm, stat } from 'node:fs/promises'
import { openDatabase } from '../../dist/node/storage/database.js'
import { chain, fill, line } from '../line-chain.mjs'

/** The owner's chain with so many posts, in a data directory. */
export async function builtChain(size, dir) {
  const kept = `.bench/line-${String(size)}`
  if (!(await stat(kept).catch(() => undefined))) {
    const making = `${kept}.part`
    await rm(making, { recursive: true, force: true })
    await mkdir(making, { recursive: true, mode: 0o700 })
    const disk = (await openDatabase(making)).value
    await fill(disk.chain(chain.id), line(size))
    await disk.close()
    await rename(making, kept)
  }
  await cp(kept, dir, { recursive: true })
}
