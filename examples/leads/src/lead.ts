export interface Lead {
  readonly leadId: string
  readonly name: string
  readonly email: string
}

/** The lead in a request body, or a sentence about what is wrong with it. */
export function readLead(leadId: string, body: string): Lead | string {
  let fields: unknown
  try {
    fields = JSON.parse(body)
  } catch {
    return 'expected a JSON body: {"name": …, "email": …}'
  }
  if (typeof fields !== 'object' || fields === null) return 'expected a JSON object'
  const { name, email } = fields as Record<string, unknown>
  if (typeof name !== 'string' || name.trim() === '')
    return 'name: expected a text that is not empty'
  if (typeof email !== 'string' || !/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(email)) {
    return 'email: expected an address like ada@example.com'
  }
  return { leadId, name: name.trim(), email }
}
