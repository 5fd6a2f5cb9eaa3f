import { accessSync, closeSync, constants, existsSync, openSync, readSync, statSync } from 'node:fs'
import { endianness } from 'node:os'

/** The first bytes of a program of this system. */
const ELF = '\u007FELF'
/** Where an ELF file says which machine it is for. */
const ELF_MACHINE_OFFSET = 18
/** By Node's names; of others nothing is said. */
const ELF_MACHINES: Readonly<Partial<Record<NodeJS.Architecture, number>>> = {
  arm64: 183,
  ia32: 3,
  x64: 62,
}
const HEAD_BYTES = 256

/** Why a bootstrap cannot be started, in Lambda's words; undefined where it seems that it can. */
export function entrypointProblem(path: string): string | undefined {
  if (!isFile(path)) return "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
  try {
    accessSync(path, constants.X_OK)
  } catch {
    return 'fork/exec /var/task/bootstrap: permission denied'
  }
  const why = process.platform === 'linux' ? formatProblem(headOf(path)) : undefined
  return why === undefined ? undefined : `fork/exec /var/task/bootstrap: ${why}`
}

/** Asked ahead: what starts the process confined would say it in words of its own, in the log. */
function formatProblem(head: Buffer): string | undefined {
  const text = head.toString('latin1')
  if (text.startsWith(ELF)) {
    const machine = endianness() === 'LE' && head.length > ELF_MACHINE_OFFSET + 1
    const wanted = ELF_MACHINES[process.arch]
    const isOther =
      machine && wanted !== undefined && head.readUInt16LE(ELF_MACHINE_OFFSET) !== wanted
    return isOther ? 'exec format error' : undefined
  }
  const [, interpreter] = /^#![ \t]*(\S+)/.exec(text) ?? []
  if (interpreter === undefined) return 'exec format error'
  return existsSync(interpreter) ? undefined : 'no such file or directory'
}

/** What may be run and not read says nothing about itself. */
function headOf(path: string): Buffer {
  try {
    const fd = openSync(path, 'r')
    const head = Buffer.alloc(HEAD_BYTES)
    const length = readSync(fd, head, 0, HEAD_BYTES, 0)
    closeSync(fd)
    return head.subarray(0, length)
  } catch {
    return Buffer.from(ELF)
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}
