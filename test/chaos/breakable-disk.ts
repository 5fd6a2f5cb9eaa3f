import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** A file system of its own in a file, whose power can be cut. */
export interface BreakableDisk {
  readonly folder: string
  /** From now on nothing reaches the disk; what the system had not written yet is lost. */
  cut(): void
  /** As after the power is back. */
  mount(): void
  unmount(): void
}

/** Why there can be none here; undefined where there can. */
export function whyNoDisk(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root may mount a file system'
  try {
    for (const tool of ['mkfs.ext4', 'losetup']) execFileSync(tool, ['-V'], { stdio: 'ignore' })
    execFileSync('losetup', ['-f'], { stdio: 'ignore' })
    execFileSync('python3', ['-c', 'import fcntl'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'needs mkfs.ext4, python3 and a loop device'
  }
}

/** `FS_IOC_SHUTDOWN` with `NOLOGFLUSH`: the journal is not written either, as when the power goes. */
const CUT = `
import fcntl, os, struct, sys
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', 2))
`

/** @throws {Error} where it cannot be made: ask `whyNoDisk` first. */
export function makeDisk(directory: string, megabytes: number): BreakableDisk {
  const image = join(directory, 'disk')
  const folder = join(directory, 'mounted')
  mkdirSync(folder)
  run('truncate', '-s', `${megabytes}M`, image)
  run('mkfs.ext4', '-q', '-m', '0', image)
  const disk: BreakableDisk = {
    folder,
    cut: () => run('python3', '-c', CUT, folder),
    mount: () => run('mount', '-o', 'loop', image, folder),
    unmount: () => run('umount', folder),
  }
  disk.mount()
  return disk
}

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
}
