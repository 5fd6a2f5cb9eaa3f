'use strict'

/** The article's handler, as its users would write it: check the lead, answer with it. */
exports.postLead = async (event) => {
  const lead = readLead(event.body)
  if (lead === undefined) return answer(400, { message: 'expected a name and an email' })
  return answer(200, { leadId: event.pathParameters.leadId, ...lead })
}

function readLead(text) {
  try {
    const { name, email } = JSON.parse(text)
    const valid = typeof name === 'string' && typeof email === 'string' && /^\S+@\S+$/.test(email)
    return valid ? { name, email } : undefined
  } catch {
    return undefined
  }
}

function answer(statusCode, body) {
  return {
    statusCode,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }
}
