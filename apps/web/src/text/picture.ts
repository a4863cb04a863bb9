/** Pictures: which are shown, and how a big one is made to fit into a block. */

/** Types that are shown; bytes decide, not the label. SVG is a program and is not among them. */
const MAGIC: readonly (readonly [type: string, bytes: readonly (number | null)[]])[] = [
  ['image/jpeg', [0xff, 0xd8, 0xff]],
  ['image/png', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ['image/gif', [0x47, 0x49, 0x46, 0x38]],
  ['image/webp', [0x52, 0x49, 0x46, 0x46, null, null, null, null, 0x57, 0x45, 0x42, 0x50]],
]

export function pictureType(bytes: Uint8Array): string | undefined {
  return MAGIC.find(([, magic]) => magic.every((byte, at) => byte === null || bytes[at] === byte))?.[0]
}

/** A newcomer's post is collected by others only below 64 KiB (spec §5); in groups there is more room. */
const FORUM_BYTES = 60 * 1024
const GROUP_BYTES = 120 * 1024
const EDGES = [1600, 1200, 900, 640, 480, 320]
const QUALITIES = [0.85, 0.7, 0.55]

export function pictureLimit(chain: string): number {
  return chain.startsWith('$') ? GROUP_BYTES : FORUM_BYTES
}

/** The picture as it is if it fits, else smaller and as JPEG; that takes off where and by what it was taken, too. */
export async function fitPicture(file: Blob, limit: number): Promise<Blob | undefined> {
  const image = await createImageBitmap(file).catch(() => undefined)
  if (image === undefined) return undefined
  for (const edge of EDGES) {
    const scale = Math.min(1, edge / Math.max(image.width, image.height))
    const canvas = document.createElement('canvas')
    canvas.width = Math.max(1, Math.round(image.width * scale))
    canvas.height = Math.max(1, Math.round(image.height * scale))
    const context = canvas.getContext('2d')
    if (context === null) return undefined
    context.fillStyle = '#fff'
    context.fillRect(0, 0, canvas.width, canvas.height)
    context.drawImage(image, 0, 0, canvas.width, canvas.height)
    for (const quality of QUALITIES) {
      const made = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', quality))
      if (made !== null && made.size <= limit) return made
    }
  }
  return undefined
}
