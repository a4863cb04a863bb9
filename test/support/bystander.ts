/** Somebody else on the event loop: whether long work lets others have their turn. */

/** How many turns others get while the work is done. */
export async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0
  let isOver = false
  const bystander = (): void => {
    turns += 1
    if (!isOver) setImmediate(bystander)
  }
  setImmediate(bystander)
  try {
    await work()
  } finally {
    isOver = true
  }
  return turns
}
