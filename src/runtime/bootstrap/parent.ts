/**
 * Ends a process whose server died before the kernel was asked to end it with that: between the fork
 * and `setpriv` nothing else would notice, and a handler that loops while it is loaded never looks.
 */
export function endIfOrphaned(): void {
  const parent = process.env['SPILLWAY_PARENT']
  if (parent !== undefined && process.ppid !== Number(parent)) process.exit(0)
  delete process.env['SPILLWAY_PARENT']
}
